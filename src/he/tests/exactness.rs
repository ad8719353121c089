//! Totals are the integer sums, also at the worst noise.

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::{clear_totals, decrypt, encrypt, evaluate, random, random_rows};
use crate::he::encryptor::encrypt_block;
use crate::he::mask::MaskSeed;
use crate::he::noise::Noise;
use crate::he::parameters::{DELTA_BITS, NOISE_BOUND, POLYNOMIAL_SIZE, SEGMENT_ROWS};
use crate::he::{Batch, Block, Evaluator, HeError, Layout, SecretKey, bridge};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn totals_are_the_integer_sums(rows in 1..3000_u64, slots in 1..120_usize, seed in any::<u8>()) {
        let layout = Layout::new(rows, slots).unwrap();
        let key = SecretKey::generate(&mut random(seed));
        let table = random_rows(rows, slots, seed);
        let (words, checksum) = encrypt(&layout, &key, &table);
        prop_assert_eq!(words.len() as u64, layout.words());
        let totals = decrypt(&layout, &key, &evaluate(&layout, &words), &checksum);
        prop_assert_eq!(totals, Some(clear_totals(&table, slots)));
    }

    #[test]
    fn totals_in_lanes_are_the_integer_sums(rows in 1..20_u64, slots in 1..9000_usize, seed in any::<u8>()) {
        let layout = Layout::new(rows, slots).unwrap();
        let key = SecretKey::generate(&mut random(seed));
        let table = random_rows(rows, slots, seed);
        let (words, checksum) = encrypt(&layout, &key, &table);
        let totals = decrypt(&layout, &key, &evaluate(&layout, &words), &checksum);
        prop_assert_eq!(totals, Some(clear_totals(&table, slots)));
    }
}

#[test]
fn segments_add_up() {
    let rows = 2 * SEGMENT_ROWS + 17;
    let layout = Layout::new(rows, 1).unwrap();
    let key = SecretKey::generate(&mut random(1));
    let table = random_rows(rows, 1, 5);
    let (words, checksum) = encrypt(&layout, &key, &table);
    let answer = evaluate(&layout, &words);
    assert_eq!(answer.len(), 3);
    assert_eq!(decrypt(&layout, &key, &answer, &checksum), Some(clear_totals(&table, 1)));
}

/// The largest segment, its values all at their bound and its noise all on one side.
fn worst_case(noise: i8, rows: u64) -> (Evaluator, SecretKey, Result<(), HeError>) {
    let key = SecretKey::generate(&mut random(1));
    let product = key.product().unwrap();
    let noise: Noise = Zeroizing::new([noise; POLYNOMIAL_SIZE]);
    let layout = Layout::with_widths(SEGMENT_ROWS, vec![1]).unwrap();
    let mut evaluator = Evaluator::new(&layout);
    let mut words = vec![0; POLYNOMIAL_SIZE + 2];
    let values = vec![0xF_FFFF; POLYNOMIAL_SIZE];
    let blocks = rows / POLYNOMIAL_SIZE as u64;
    let outcome = (0..blocks).try_for_each(|number| {
        let seed = MaskSeed(u128::from(number).to_le_bytes());
        encrypt_block(&product, seed, &values, &noise, &mut words).unwrap();
        let block = Block { segment: 0, lane: 0, width: 1, rows: POLYNOMIAL_SIZE, first_row: 0 };
        evaluator.add(&Batch { blocks: vec![block], ends_segment: false }, &words)
    });
    (evaluator, key, outcome)
}

#[test]
fn the_largest_segment_decodes_at_the_worst_noise() {
    for noise in [8, -8] {
        let (mut evaluator, key, outcome) = worst_case(noise, SEGMENT_ROWS);
        outcome.unwrap();
        let totals = evaluator.finish_segment();
        let phase = bridge::decrypt(&key, &bridge::glwe(&totals[0].mask, &totals[0].body))[0];
        let exact = SEGMENT_ROWS * 0xF_FFFF;
        let error = phase.wrapping_sub(exact << DELTA_BITS).cast_signed();
        assert_eq!(error, i64::from(noise) * SEGMENT_ROWS.cast_signed());
        assert_eq!(bridge::decode(phase), exact);
    }
}

#[test]
fn one_block_more_is_refused_because_it_could_decode_wrongly() {
    let one_more = SEGMENT_ROWS + POLYNOMIAL_SIZE as u64;
    let (_, _, outcome) = worst_case(8, one_more);
    assert_eq!(outcome, Err(HeError::SegmentFull));
    // At 2^20 rows the worst noise is Δ/2 and rounds to the next plaintext.
    assert_eq!(bridge::decode(NOISE_BOUND * one_more), 1);
    assert_eq!(bridge::decode(NOISE_BOUND * SEGMENT_ROWS), 0);
}
