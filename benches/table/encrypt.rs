//! Encryption beside the transforms that it cannot do without.

use std::hint::black_box;

use hestat::foundation::random;
use hestat::he::parameters::POLYNOMIAL_SIZE;
use hestat::he::{Encryptor, Layout, PlainBlock, SecretKey};
use zeroize::Zeroizing;

use crate::cores::{Cores, best};
use crate::rows::{Aim, Row};

/// Slots of the Framingham table with all statistics.
const SLOTS: usize = 34;
const BLOCKS: usize = 1024;
/// Blocks that the pipeline encrypts together.
const BATCH: usize = 64;

/// Slot values per second, beside products with the key alone.
pub(crate) fn row(cores: &Cores) -> Row {
    let blocks = blocks();
    let mut encryptor = encryptor();
    let [encrypt, product] = best(7, || {
        let encrypt = cores.time(|| encrypt(&mut encryptor, &blocks));
        [encrypt, cores.each(|| multiply(&encryptor, BLOCKS / cores.count()))]
    });
    let values: usize = blocks.iter().map(|plain| plain.values.len()).sum();
    let [rate, bound] = [encrypt, product].map(|time| values as f64 / time / 1e6);
    let per_core = rate / cores.count() as f64;
    Row::new(format!("encrypt, {}", cores.name()), format!("{rate:.1} M slot values/s"))
        .beside(format!("{bound:.1} M/s: the NTT product alone"))
        .ratio(format!("{:.2}", rate / bound))
        .aim(Aim::AtLeast(30.0, " M/s and core"), per_core)
}

/// An encryptor under a fresh key.
pub(crate) fn encryptor() -> Encryptor {
    let mut random = random::from_system().expect("the system has randomness");
    let key = SecretKey::generate(&mut random);
    Encryptor::new(&key, random).expect("the ring has a transform")
}

/// Encrypts `blocks` as the pipeline does, batch after batch.
pub(crate) fn encrypt(encryptor: &mut Encryptor, blocks: &[PlainBlock]) {
    for batch in blocks.chunks(BATCH) {
        black_box(encryptor.encrypt(batch).expect("the blocks fit"));
    }
}

/// Plaintext blocks of `layout`, all full but perhaps the last.
pub(crate) fn plain_blocks(layout: &Layout) -> Vec<PlainBlock> {
    let value = |i: usize| (i as u32).wrapping_mul(0x9E37_79B9) >> 12;
    let values = |words| Zeroizing::new((0..words).map(value).collect());
    layout.blocks().map(|block| PlainBlock { block, values: values(block.body_words()) }).collect()
}

fn blocks() -> Vec<PlainBlock> {
    let rows = BLOCKS * (POLYNOMIAL_SIZE / SLOTS);
    plain_blocks(&Layout::new(rows as u64, SLOTS).expect("the shape is possible"))
}

fn multiply(encryptor: &Encryptor, times: usize) {
    let mask: Vec<u64> = (0..POLYNOMIAL_SIZE as u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
    let mut product = vec![0; POLYNOMIAL_SIZE];
    for _ in 0..times {
        encryptor.multiply(black_box(&mask), black_box(&mut product));
    }
}
