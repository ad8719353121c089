//! The engine as a whole: exact, random where it must be, tfhe's, and not to be cheated.

mod cheating;
mod exactness;
mod interoperability;
mod randomness;

use rand_core::{Rng, SeedableRng};

use super::{CheckKey, Checksum, Decryptor, Encryptor, Evaluator, LaneTotals, Layout, Packer, SecretKey};
use crate::foundation::random::Randomness;
use crate::foundation::secret::Secret;

fn random(seed: u8) -> Randomness {
    Randomness::from_seed([seed; 32])
}

fn check_key() -> CheckKey {
    CheckKey::from_bytes([9; 32])
}

/// Packs and encrypts all rows; the words of the dataset and the checksum.
fn encrypt(layout: &Layout, key: &SecretKey, rows: &[Vec<u32>]) -> (Vec<u64>, Secret<u64>) {
    let mut packer = Packer::new(layout, Checksum::new(check_key()));
    let mut blocks = Vec::new();
    for row in rows {
        packer.push(row, |block| blocks.push(block)).unwrap();
    }
    let words = Encryptor::new(key, random(2)).unwrap().encrypt(&blocks).unwrap();
    (words, packer.finish().unwrap().into_parts().1)
}

/// What an honest server answers, segment by segment.
fn evaluate(layout: &Layout, words: &[u64]) -> Vec<Vec<LaneTotals>> {
    let mut evaluator = Evaluator::new(layout);
    let mut totals = Vec::new();
    let mut rest = words;
    for batch in layout.batches(100_000) {
        let (own, others) = rest.split_at(batch.words());
        rest = others;
        evaluator.add(&batch, own).unwrap();
        if batch.ends_segment {
            totals.push(evaluator.finish_segment());
        }
    }
    assert!(rest.is_empty());
    totals
}

fn decrypt(layout: &Layout, key: &SecretKey, answer: &[Vec<LaneTotals>], expected: &Secret<u64>) -> Option<Vec<u128>> {
    let mut decryptor = Decryptor::new(key, layout, Checksum::new(check_key()));
    for segment in answer {
        decryptor.add_segment(segment).ok()?;
    }
    decryptor.finish(expected).ok().map(|totals| totals.to_vec())
}

fn random_rows(rows: u64, slots: usize, seed: u8) -> Vec<Vec<u32>> {
    let mut random = random(seed);
    (0..rows).map(|_| (0..slots).map(|_| random.next_u32() & 0xF_FFFF).collect()).collect()
}

fn clear_totals(rows: &[Vec<u32>], slots: usize) -> Vec<u128> {
    (0..slots).map(|slot| rows.iter().map(|row| u128::from(row[slot])).sum()).collect()
}
