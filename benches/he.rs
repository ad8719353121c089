//! Benchmarks of the hot loops of encryption and evaluation.

#![allow(missing_docs, clippy::expect_used, reason = "a benchmark")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hestat::foundation::random::{self, Randomness};
use hestat::he::mask::{self, MaskSeed};
use hestat::he::parameters::POLYNOMIAL_SIZE;
use hestat::he::{Block, Decryptor, Encryptor, Evaluator, LaneTotals, Layout, PlainBlock, SecretKey};
use zeroize::Zeroizing;

/// Returns a layout with one block, which is nearly full: 120 · 34 = 4,080 of 4,096 coefficients.
fn layout() -> Layout {
    Layout::new(120, 34).expect("a valid layout")
}

fn block() -> Block {
    layout().blocks().next().expect("the layout has a block")
}

fn plain_block() -> PlainBlock {
    let block = block();
    PlainBlock { block, values: Zeroizing::new((0..block.body_words() as u32).collect()) }
}

fn randomness() -> Randomness {
    random::from_system().expect("the operating system provides randomness")
}

fn encryptor() -> Encryptor {
    let key = SecretKey::generate(&mut randomness());
    Encryptor::new(&key, randomness()).expect("the ring has a number-theoretic transform")
}

fn ntt_product(criterion: &mut Criterion) {
    let encryptor = encryptor();
    let mask: Vec<u64> = (0..POLYNOMIAL_SIZE as u64).map(|index| index.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
    let mut product = vec![0; POLYNOMIAL_SIZE];
    let mut group = criterion.benchmark_group("block");
    group.throughput(Throughput::Elements(POLYNOMIAL_SIZE as u64));
    group.bench_function("NTT product", |b| b.iter(|| encryptor.multiply(black_box(&mask), black_box(&mut product))));
    group.finish();
}

fn mask_expansion(criterion: &mut Criterion) {
    let mut words = vec![0; POLYNOMIAL_SIZE];
    let mut group = criterion.benchmark_group("mask");
    group.throughput(Throughput::Bytes(8 * POLYNOMIAL_SIZE as u64));
    let seed = MaskSeed([7; 16]);
    group.bench_function("expand", |b| b.iter(|| mask::expand(black_box(seed), black_box(&mut words))));
    group.bench_function("add", |b| b.iter(|| mask::add(black_box(&[seed]), black_box(&mut words))));
    group.finish();
}

fn encryption(criterion: &mut Criterion) {
    let (mut encryptor, blocks) = (encryptor(), [plain_block()]);
    let mut group = criterion.benchmark_group("block");
    group.throughput(Throughput::Elements(blocks[0].values.len() as u64));
    group.bench_function("encrypt", |b| b.iter(|| encryptor.encrypt(black_box(&blocks))));
    group.finish();
}

fn evaluation(criterion: &mut Criterion) {
    let (blocks, words) = ([block()], encryptor().encrypt(&[plain_block()]).expect("the block fits"));
    let mut group = criterion.benchmark_group("block");
    group.throughput(Throughput::Bytes(8 * words.len() as u64));
    let mut evaluator = Evaluator::new(&layout());
    let mut added = 0;
    group.bench_function("evaluator add", |b| {
        b.iter(|| {
            // A segment holds at most SEGMENT_ROWS / 120 = 8,704 such blocks.
            added += 1;
            if added % 8_000 == 0 {
                black_box(std::mem::replace(&mut evaluator, Evaluator::new(&layout())).finish());
            }
            evaluator.add(&blocks, black_box(&words)).expect("the segment has space");
        });
    });
    group.finish();
}

fn decryption(criterion: &mut Criterion) {
    let (key, layout) = (SecretKey::generate(&mut randomness()), layout());
    let lane = [LaneTotals { mask: vec![7; POLYNOMIAL_SIZE], body: vec![7; 34] }];
    criterion.bench_function("lane/decrypt", |b| {
        b.iter(|| {
            Decryptor::new(&key, &layout).add_segment(black_box(&lane)).expect("the shape matches the layout");
        });
    });
}

criterion_group!(benches, ntt_product, mask_expansion, encryption, evaluation, decryption);
criterion_main!(benches);
