//! Totals are the exact integer sums, even with the worst noise.

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::{clear_totals, decrypt, encrypt, evaluate, evaluate_in_batches, random, random_rows};
use crate::he::encryptor::encrypt_block;
use crate::he::layout::{self, MAX_LANES};
use crate::he::mask::MaskSeed;
use crate::he::noise::Noise;
use crate::he::parameters::{DELTA_BITS, NOISE_BOUND, POLYNOMIAL_SIZE, SEGMENT_ROWS};
use crate::he::{Block, Decryptor, Evaluator, HeError, Layout, SecretKey, glwe};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn totals_are_the_integer_sums(rows in 1..3000_u64, slots in 1..120_usize, seed in any::<u8>()) {
        let layout = Layout::new(rows, slots).unwrap();
        let key = SecretKey::generate(&mut random(seed));
        let table = random_rows(rows, slots, seed);
        let words = encrypt(&layout, &key, &table);
        prop_assert_eq!(words.len() as u64, layout.words());
        let totals = decrypt(&layout, &key, &evaluate(&layout, &words));
        prop_assert_eq!(totals, clear_totals(&table, slots));
    }

    #[test]
    fn totals_in_lanes_are_the_integer_sums(rows in 1..20_u64, slots in 1..9000_usize, seed in any::<u8>()) {
        let layout = Layout::new(rows, slots).unwrap();
        let key = SecretKey::generate(&mut random(seed));
        let table = random_rows(rows, slots, seed);
        let words = encrypt(&layout, &key, &table);
        let totals = decrypt(&layout, &key, &evaluate(&layout, &words));
        prop_assert_eq!(totals, clear_totals(&table, slots));
    }
}

#[test]
fn segments_are_added_up() {
    let rows = 2 * SEGMENT_ROWS + 17;
    let layout = Layout::new(rows, 1).unwrap();
    let key = SecretKey::generate(&mut random(1));
    let table = random_rows(rows, 1, 5);
    let words = encrypt(&layout, &key, &table);
    let totals = evaluate(&layout, &words);
    assert_eq!(totals.len(), 3);
    assert_eq!(decrypt(&layout, &key, &totals), clear_totals(&table, 1));
    let at_once = evaluate_in_batches(&layout, &words, std::iter::once(layout.blocks().collect()));
    assert!(at_once == totals, "a batch of several segments gives other totals");
}

#[test]
fn totals_of_another_shape_are_not_decrypted() {
    let layout = Layout::new(1000, 23).unwrap();
    let key = SecretKey::generate(&mut random(1));
    let honest = evaluate(&layout, &encrypt(&layout, &key, &random_rows(1000, 23, 1))).remove(0);
    let mut decryptor = Decryptor::new(&key, &layout);
    let (mut short, mut long) = (honest.clone(), honest.clone());
    short[0].body.pop();
    long[0].mask.push(0);
    for lanes in [short, long, Vec::new(), [honest.clone(), honest.clone()].concat()] {
        assert_eq!(decryptor.add_segment(&lanes), Err(HeError::Layout));
    }
    assert_eq!(Decryptor::new(&key, &layout).finish(), Err(HeError::Layout), "one segment too few");
    decryptor.add_segment(&honest).unwrap();
    decryptor.add_segment(&honest).unwrap();
    assert_eq!(decryptor.finish(), Err(HeError::Layout), "one segment too many");
}

/// Regression test: sums for each thread and lane used to be allocated in advance.
#[test]
fn partial_sums_are_few_and_allocated_when_needed() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(64).build().unwrap();
    for slots in [1, 2 * POLYNOMIAL_SIZE, MAX_LANES * POLYNOMIAL_SIZE] {
        let layout = Layout::new(1, slots).unwrap();
        let mut evaluator = pool.install(|| Evaluator::new(&layout));
        assert_eq!(evaluator.allocated_sums(), 0, "{slots}");
        let words = vec![7; usize::try_from(layout.words()).unwrap()];
        let blocks: Vec<Block> = layout.blocks().collect();
        pool.install(|| evaluator.add(&blocks, &words)).unwrap();
        assert_eq!(evaluator.allocated_sums(), layout.widths().len(), "{slots}");
    }
    let layout = Layout::new(100_000, MAX_LANES * POLYNOMIAL_SIZE / 100).unwrap();
    let mut evaluator = pool.install(|| Evaluator::new(&layout));
    let blocks: Vec<Block> = layout.blocks().take(2000).collect();
    let words = vec![7; layout::words(&blocks)];
    pool.install(|| evaluator.add(&blocks, &words)).unwrap();
    assert!(evaluator.allocated_sums() <= MAX_LANES, "{}", evaluator.allocated_sums());
}

/// Evaluates `rows` rows in one segment, with maximum values and the same noise in every coefficient.
fn worst_case(noise: i8, rows: u64) -> (Evaluator, SecretKey, Result<(), HeError>) {
    let key = SecretKey::generate(&mut random(1));
    let product = key.product().unwrap();
    let noise: Noise = Zeroizing::new([noise; POLYNOMIAL_SIZE]);
    let layout = Layout::new(SEGMENT_ROWS, 1).unwrap();
    let mut evaluator = Evaluator::new(&layout);
    let mut words = vec![0; POLYNOMIAL_SIZE + 2];
    let values = vec![0xF_FFFF; POLYNOMIAL_SIZE];
    let blocks = rows / POLYNOMIAL_SIZE as u64;
    let outcome = (0..blocks).try_for_each(|number| {
        let seed = MaskSeed(u128::from(number).to_le_bytes());
        encrypt_block(&product, seed, &values, &noise, &mut words).unwrap();
        let block = Block { segment: 0, lane: 0, width: 1, rows: POLYNOMIAL_SIZE, first_row: 0 };
        evaluator.add(&[block], &words)
    });
    (evaluator, key, outcome)
}

#[test]
fn the_largest_segment_decodes_at_the_worst_noise() {
    for noise in [8, -8] {
        let (evaluator, key, outcome) = worst_case(noise, SEGMENT_ROWS);
        outcome.unwrap();
        let totals = evaluator.finish().remove(0);
        let phase = glwe::decrypt(&key, &glwe::glwe(&totals[0].mask, &totals[0].body))[0];
        let exact = SEGMENT_ROWS * 0xF_FFFF;
        let error = phase.wrapping_sub(exact << DELTA_BITS).cast_signed();
        assert_eq!(error, i64::from(noise) * SEGMENT_ROWS.cast_signed());
        assert_eq!(glwe::decode(phase), exact);
    }
}

#[test]
fn one_block_more_is_rejected_because_it_could_decode_wrongly() {
    let one_more = SEGMENT_ROWS + POLYNOMIAL_SIZE as u64;
    let (_, _, outcome) = worst_case(8, one_more);
    assert_eq!(outcome, Err(HeError::SegmentFull));
    // With 2^20 rows the worst noise is Δ/2, which rounds to the next plaintext.
    assert_eq!(glwe::decode(NOISE_BOUND * one_more), 1);
    assert_eq!(glwe::decode(NOISE_BOUND * SEGMENT_ROWS), 0);
}
