//! Tests of the whole scheme: exactness, randomness, interoperability with tfhe, and known attacks.

mod exactness;
mod interoperability;
mod oracles;
mod randomness;

use rand_core::{Rng, SeedableRng};
use tfhe::core_crypto::prelude::GlweCiphertext;

use super::layout::SEED_WORDS;
use super::mask::{self, MaskSeed};
use super::parameters::POLYNOMIAL_SIZE;
use super::{Block, Decryptor, Encryptor, Evaluator, LaneTotals, Layout, Packer, SecretKey, glwe, layout};
use crate::foundation::random::Randomness;

fn random(seed: u8) -> Randomness {
    Randomness::from_seed([seed; 32])
}

/// Packs and encrypts all rows; returns the words of the dataset.
fn encrypt(layout: &Layout, key: &SecretKey, rows: &[Vec<u32>]) -> Vec<u64> {
    let mut packer = Packer::new(layout);
    let mut blocks = Vec::new();
    for row in rows {
        packer.push(row, |block| blocks.push(block)).unwrap();
    }
    packer.finish().unwrap();
    Encryptor::new(key, random(2)).unwrap().encrypt(&blocks).unwrap()
}

/// Returns the totals that an honest server computes, segment by segment.
fn evaluate(layout: &Layout, words: &[u64]) -> Vec<Vec<LaneTotals>> {
    evaluate_in_batches(layout, words, layout.batches(100_000))
}

fn evaluate_in_batches(
    layout: &Layout,
    words: &[u64],
    batches: impl Iterator<Item = Vec<Block>>,
) -> Vec<Vec<LaneTotals>> {
    let mut evaluator = Evaluator::new(layout);
    let mut rest = words;
    for batch in batches {
        let (own, others) = rest.split_at(layout::words(&batch));
        rest = others;
        evaluator.add(&batch, own).unwrap();
    }
    assert!(rest.is_empty());
    evaluator.finish()
}

/// Returns the ciphertext of a block that is stored as `words`: the seed of its mask, and its body.
fn stored_block(words: &[u64]) -> GlweCiphertext<Vec<u64>> {
    let (seed, body) = words.split_first_chunk::<SEED_WORDS>().unwrap();
    assert!(body.len() <= POLYNOMIAL_SIZE);
    let mut expanded = [0; POLYNOMIAL_SIZE];
    mask::expand(MaskSeed::from_words(*seed), &mut expanded).unwrap();
    glwe::glwe(&expanded, body)
}

fn decrypt(layout: &Layout, key: &SecretKey, totals: &[Vec<LaneTotals>]) -> Vec<u128> {
    let mut decryptor = Decryptor::new(key, layout);
    for segment in totals {
        decryptor.add_segment(segment).unwrap();
    }
    decryptor.finish().unwrap().to_vec()
}

fn random_rows(rows: u64, slots: usize, seed: u8) -> Vec<Vec<u32>> {
    let mut random = random(seed);
    (0..rows).map(|_| (0..slots).map(|_| random.next_u32() & 0xF_FFFF).collect()).collect()
}

fn clear_totals(rows: &[Vec<u32>], slots: usize) -> Vec<u128> {
    (0..slots).map(|slot| rows.iter().map(|row| u128::from(row[slot])).sum()).collect()
}
