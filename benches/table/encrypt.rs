//! Encryption, with number-theoretic transforms (NTT) alone as the reference.

use std::hint::black_box;

use hestat::foundation::random;
use hestat::he::parameters::POLYNOMIAL_SIZE;
use hestat::he::{Encryptor, Evaluator, Layout, PlainBlock, SecretKey, layout};
use zeroize::Zeroizing;

use crate::cores::{Cores, best};
use crate::rows::{Row, Target, time};

/// Slots per row of the Framingham table with all statistics.
const SLOTS: usize = 34;
const BLOCKS: usize = 1024;
/// Blocks per batch in the pipeline.
const BATCH: usize = 64;

/// Measures encrypted slot values per second, with the products with the key alone as the reference. Then measures the
/// addition of the ciphertexts, which `init` also performs.
pub(crate) fn rows(cores: &Cores) -> [Row; 2] {
    let (layout, blocks) = (layout(), plain_blocks(&layout()));
    let mut encryptor = encryptor();
    let words = encryptor.encrypt(&blocks).expect("the blocks fit");
    let [encrypt, product, add] = best(7, || {
        let encrypt = cores.time(|| encrypt(&mut encryptor, &blocks));
        let product = cores.each(|| multiply(&encryptor, BLOCKS / cores.count()));
        [encrypt, product, cores.time(|| add(&layout, &words))]
    });
    let values: usize = blocks.iter().map(|plain| plain.values.len()).sum();
    let [rate, reference] = [encrypt, product].map(|time| values as f64 / time / 1e6);
    let per_core = rate / cores.count() as f64;
    let encrypting = Row::new(format!("encrypt, {}", cores.name()), format!("{rate:.1} M slot values/s"))
        .reference(format!("{reference:.1} M/s: NTT products alone"))
        .ratio(format!("{:.2}", rate / reference))
        .target(Target::AtLeast(30.0, " M/s per core"), per_core);
    let adding = Row::new(format!("· adding the ciphertexts, {}", cores.name()), time(add))
        .reference(format!("{}: encrypting them", time(encrypt)))
        .ratio(format!("{:.3}", add / encrypt));
    [encrypting, adding]
}

/// Returns an encryptor with a new key.
pub(crate) fn encryptor() -> Encryptor {
    let mut random = random::from_system().expect("the system has randomness");
    let key = SecretKey::generate(&mut random);
    Encryptor::new(&key, random).expect("the ring has a transform")
}

/// Encrypts `blocks` in batches, as the pipeline does.
pub(crate) fn encrypt(encryptor: &mut Encryptor, blocks: &[PlainBlock]) {
    for batch in blocks.chunks(BATCH) {
        black_box(encryptor.encrypt(batch).expect("the blocks fit"));
    }
}

/// Returns the plaintext blocks of `layout`; all are full except perhaps the last.
pub(crate) fn plain_blocks(layout: &Layout) -> Vec<PlainBlock> {
    let value = |index: usize| (index as u32).wrapping_mul(0x9E37_79B9) >> 12;
    let values = |words| Zeroizing::new((0..words).map(value).collect());
    layout.blocks().map(|block| PlainBlock { block, values: values(block.body_words()) }).collect()
}

fn layout() -> Layout {
    let rows = BLOCKS * (POLYNOMIAL_SIZE / SLOTS);
    Layout::new(rows as u64, SLOTS).expect("a valid layout")
}

/// Adds up the encrypted blocks in `words`.
pub(crate) fn add(layout: &Layout, words: &[u64]) {
    let mut evaluator = Evaluator::new(layout);
    let mut rest = words;
    for batch in layout.batches(1 << 16) {
        let (batch_words, others) = rest.split_at(layout::words(&batch));
        evaluator.add(&batch, batch_words).expect("the batches match the layout");
        rest = others;
    }
    assert_eq!(evaluator.finish().len(), 1);
}

fn multiply(encryptor: &Encryptor, times: usize) {
    let mask: Vec<u64> = (0..POLYNOMIAL_SIZE as u64).map(|index| index.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
    let mut product = vec![0; POLYNOMIAL_SIZE];
    for _ in 0..times {
        encryptor.multiply(black_box(&mask), black_box(&mut product));
    }
}
