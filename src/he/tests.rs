//! The engine as a whole: exactness, noise at its worst, cheating servers, and that our ciphertexts are tfhe's.

use std::collections::HashSet;

use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};
use tfhe::core_crypto::prelude::*;
use zeroize::Zeroizing;

use super::encryptor::encrypt_block;
use super::layout::rows_per_block;
use super::mask::{MaskSeed, expand};
use super::noise::Noise;
use super::parameters::{DELTA_BITS, NOISE_BOUND, POLYNOMIAL_SIZE, SEGMENT_ROWS};
use super::*;
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

#[test]
fn masks_are_aes_128_ctr_keystream() {
    // NIST SP 800-38A has no all-zero counter; AES-128 of the zero block under the zero key is FIPS 197's well-known
    // 66e94bd4ef8a2c3b884cfa59ca342b2e, the next block is that of counter 1.
    let mut mask = [0; POLYNOMIAL_SIZE];
    expand(MaskSeed([0; 16]), &mut mask).unwrap();
    let bytes: Vec<u8> = mask.iter().take(4).flat_map(|word| word.to_le_bytes()).collect();
    let expected = "66e94bd4ef8a2c3b884cfa59ca342b2e58e2fccefa7e3061367f1d57a4e7455a";
    assert_eq!(hex(&bytes), expected);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn masks_are_uniform() {
    let mut random = random(4);
    let mut counts = [0_u32; 256];
    let masks = 64;
    for _ in 0..masks {
        let mut seed = [0; 16];
        random.fill_bytes(&mut seed);
        let mut mask = [0; POLYNOMIAL_SIZE];
        expand(MaskSeed(seed), &mut mask).unwrap();
        for byte in mask.iter().flat_map(|word| word.to_le_bytes()) {
            counts[usize::from(byte)] += 1;
        }
    }
    let expected = f64::from(masks) * POLYNOMIAL_SIZE as f64 * 8.0 / 256.0;
    let chi_square: f64 = counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
    // 255 degrees of freedom: 330.5 is passed once in a thousand seeds; these are fixed.
    assert!(chi_square < 330.5, "{chi_square}");
}

#[test]
fn noise_of_encryptions_is_tuniform_and_fresh() {
    let layout = Layout::new(200 * POLYNOMIAL_SIZE as u64, 1).unwrap();
    let key = SecretKey::generate(&mut random(1));
    let rows = vec![vec![77]; usize::try_from(layout.rows()).unwrap()];
    let (words, _) = encrypt(&layout, &key, &rows);
    let mut counts = [0_u32; 17];
    let mut noises = HashSet::new();
    for block in words.chunks(POLYNOMIAL_SIZE + 2) {
        let phases = bridge::decrypt(&key, &bridge::block(block).unwrap());
        let noise: Vec<i64> = phases.iter().map(|phase| phase.wrapping_sub(77 << DELTA_BITS).cast_signed()).collect();
        for e in &noise {
            counts[usize::try_from(e + 8).unwrap()] += 1;
        }
        assert!(noises.insert(noise), "the same noise twice");
    }
    let total = layout.rows() as f64;
    let chi_square: f64 = counts
        .iter()
        .enumerate()
        .map(|(index, count)| {
            let expected = total / if index % 16 == 0 { 32.0 } else { 16.0 };
            (f64::from(*count) - expected).powi(2) / expected
        })
        .sum();
    // 16 degrees of freedom, as above.
    assert!(chi_square < 39.25, "{chi_square}");
}

#[test]
fn no_seed_serves_twice() {
    let layout = Layout::new(3000, 100).unwrap();
    let key = SecretKey::generate(&mut random(1));
    let (words, _) = encrypt(&layout, &key, &random_rows(3000, 100, 3));
    let mut rest = words.as_slice();
    let mut seeds = HashSet::new();
    for block in layout.blocks() {
        let (own, others) = rest.split_at(block.words());
        rest = others;
        assert!(seeds.insert([own[0], own[1]]));
    }
    assert_eq!(seeds.len() as u64, layout.block_count());
}

#[test]
fn tfhe_opens_our_blocks() {
    let layout = Layout::new(500, 23).unwrap();
    let key = SecretKey::generate(&mut random(1));
    let table = random_rows(500, 23, 8);
    let (words, _) = encrypt(&layout, &key, &table);
    let mut rest = words.as_slice();
    for block in layout.blocks() {
        let (own, others) = rest.split_at(block.words());
        rest = others;
        let mut plaintexts = PlaintextList::new(0, PlaintextCount(POLYNOMIAL_SIZE));
        decrypt_glwe_ciphertext(&key.as_glwe(), &bridge::block(own).unwrap(), &mut plaintexts);
        let values = table.iter().skip(usize::try_from(block.first_row).unwrap()).take(block.rows).flatten();
        for (phase, value) in plaintexts.as_ref().iter().zip(values) {
            let error = phase.wrapping_sub(u64::from(*value) << DELTA_BITS).cast_signed();
            assert!(error.unsigned_abs() <= NOISE_BOUND, "{error}");
        }
    }
}

/// Our encryption under tfhe's mask and tfhe's noise is tfhe's encryption, word by word.
#[test]
fn our_arithmetic_is_that_of_tfhe() {
    let key = SecretKey::generate(&mut random(1));
    let seed = MaskSeed([6; 16]);
    let values: Vec<u32> = (0..POLYNOMIAL_SIZE as u32).map(|i| i * 255).collect();
    let noise: Noise = Zeroizing::new(std::array::from_fn(|i| i8::try_from(i % 17).unwrap() - 8));
    let mut ours = vec![0; POLYNOMIAL_SIZE + 2];
    encrypt_block(&key.product().unwrap(), seed, &values, &noise, &mut ours).unwrap();
    let ours = bridge::block(&ours).unwrap();
    // b = a·s + Δ·m + e, the product by tfhe's polynomial algorithms.
    let mut body = Polynomial::new(0_u64, PolynomialSize(POLYNOMIAL_SIZE));
    let secret = key.as_glwe();
    let mask_list = ours.get_mask();
    let mask_polynomials = mask_list.as_polynomial_list();
    let secret_polynomials = secret.as_polynomial_list();
    polynomial_algorithms::polynomial_wrapping_add_multisum_assign(&mut body, &mask_polynomials, &secret_polynomials);
    for ((b, m), e) in body.iter_mut().zip(&values).zip(noise.iter()) {
        *b = b.wrapping_add(u64::from(*m) << DELTA_BITS).wrapping_add_signed(i64::from(*e));
    }
    assert!(body.as_ref() == ours.get_body().as_ref());
}

#[test]
fn we_open_sums_of_tfhe_encryptions() {
    let key = SecretKey::generate(&mut random(1));
    let mut seeder = new_seeder();
    let seed = seeder.seed();
    let mut generator = EncryptionRandomGenerator::<DefaultRandomGenerator>::new(seed, seeder.as_mut());
    let width = 23;
    let rows = rows_per_block(width);
    let layout = Layout::with_widths(2 * rows as u64, vec![width]).unwrap();
    let table = random_rows(layout.rows(), width, 11);
    let mut sum = vec![0_u64; 2 * POLYNOMIAL_SIZE];
    for block in table.chunks(rows) {
        let mut encoded: Vec<u64> = block.iter().flatten().map(|value| u64::from(*value) << DELTA_BITS).collect();
        encoded.resize(POLYNOMIAL_SIZE, 0);
        let mut ciphertext =
            GlweCiphertext::new(0_u64, GlweSize(2), PolynomialSize(POLYNOMIAL_SIZE), CiphertextModulus::new_native());
        let noise = DynamicDistribution::new_t_uniform(3);
        let plaintexts = PlaintextList::from_container(encoded);
        encrypt_glwe_ciphertext(&key.as_glwe(), &mut ciphertext, &plaintexts, noise, &mut generator);
        sum.iter_mut().zip(ciphertext.as_ref()).for_each(|(sum, word)| *sum = sum.wrapping_add(*word));
    }
    // Every coefficient of the sum, not yet folded.
    let (mask, body) = sum.split_at(POLYNOMIAL_SIZE);
    let phases = bridge::decrypt(&key, &bridge::glwe(mask, body));
    for (coefficient, phase) in phases.iter().enumerate().take(rows * width) {
        let (row, slot) = (coefficient / width, coefficient % width);
        let expected = u64::from(table[row][slot]) + u64::from(table[rows + row][slot]);
        assert_eq!(bridge::decode(*phase), expected, "coefficient {coefficient}");
    }
}

/// What a dishonest server could answer, each answer by its name.
mod cheating {
    use super::*;

    const WIDTH: usize = 23;

    struct Job {
        layout: Layout,
        key: SecretKey,
        words: Vec<u64>,
        checksum: Secret<u64>,
    }

    fn job(rows: u64, key_seed: u8) -> Job {
        let layout = Layout::new(rows, WIDTH).unwrap();
        let key = SecretKey::generate(&mut random(key_seed));
        let (words, checksum) = encrypt(&layout, &key, &random_rows(rows, WIDTH, key_seed));
        Job { layout, key, words, checksum }
    }

    impl Job {
        fn accepts(&self, answer: &[Vec<LaneTotals>]) -> bool {
            decrypt(&self.layout, &self.key, answer, &self.checksum).is_some()
        }

        fn honest(&self) -> Vec<Vec<LaneTotals>> {
            evaluate(&self.layout, &self.words)
        }

        /// The answer over the blocks that `change` makes of the honest ones.
        fn over(&self, change: impl Fn(&mut Vec<Vec<u64>>)) -> Vec<Vec<LaneTotals>> {
            let mut rest = self.words.as_slice();
            let mut blocks: Vec<Vec<u64>> = Vec::new();
            for block in self.layout.blocks() {
                let (own, others) = rest.split_at(block.words());
                rest = others;
                blocks.push(own.to_vec());
            }
            change(&mut blocks);
            let mut mask = vec![0_u64; POLYNOMIAL_SIZE];
            let mut body = vec![0_u64; WIDTH];
            for words in &blocks {
                let rows = (words.len() - 2) / WIDTH;
                let layout = Layout::with_widths(rows as u64, vec![WIDTH]).unwrap();
                let one = evaluate(&layout, words).remove(0).remove(0);
                mask.iter_mut().zip(&one.mask).for_each(|(sum, word)| *sum = sum.wrapping_add(*word));
                body.iter_mut().zip(&one.body).for_each(|(sum, word)| *sum = sum.wrapping_add(*word));
            }
            vec![vec![LaneTotals { mask, body }]]
        }
    }

    #[test]
    fn the_honest_answer_is_accepted() {
        let job = job(1000, 1);
        assert!(job.accepts(&job.honest()));
        assert_eq!(job.over(|_| ()), job.honest());
    }

    /// −Δ·Σ_k 2^k·X^{−kS} as mask and nothing as body: slot j would decode to forty bits of the key.
    #[test]
    fn a_mask_that_reads_the_key_is_refused() {
        let job = job(1000, 1);
        let mut mask = vec![0_u64; POLYNOMIAL_SIZE];
        for k in 0..40 {
            let term = 1_u64 << (DELTA_BITS + k);
            // X^{−d} = −X^{N−d}, and the answer's phase is b − a·s.
            match k as usize * WIDTH {
                0 => mask[0] = mask[0].wrapping_sub(term),
                degree => mask[POLYNOMIAL_SIZE - degree] = mask[POLYNOMIAL_SIZE - degree].wrapping_add(term),
            }
        }
        let answer = LaneTotals { mask, body: vec![0; WIDTH] };
        let phases = bridge::decrypt(&job.key, &bridge::glwe(&answer.mask, &answer.body));
        let secret = job.key.as_glwe();
        let read: u64 = (0..40).map(|k| secret.as_ref()[k * WIDTH] << k).sum();
        assert_eq!(bridge::decode(phases[0]), read, "without the check this answer would read the key");
        assert!(!job.accepts(&[vec![answer]]));
    }

    #[test]
    fn a_constant_added_to_a_body_is_refused() {
        let job = job(1000, 1);
        let mut answer = job.honest();
        answer[0][0].body[7] = answer[0][0].body[7].wrapping_add(1 << DELTA_BITS);
        assert!(!job.accepts(&answer));
    }

    #[test]
    fn dropped_doubled_and_altered_blocks_are_refused() {
        let job = job(1000, 1);
        assert!(!job.accepts(&job.over(|blocks| drop(blocks.remove(2)))));
        assert!(!job.accepts(&job.over(|blocks| blocks.push(blocks[1].clone()))));
        assert!(!job.accepts(&job.over(|blocks| blocks[0][9] ^= 1 << 40)));
        assert!(!job.accepts(&job.over(|blocks| blocks[0][0] ^= 1)));
    }

    #[test]
    fn the_wrong_fold_is_refused() {
        let job = job(2 * rows_per_block(WIDTH) as u64, 1);
        let mut answer = job.honest();
        answer[0][0].mask.rotate_left(WIDTH);
        answer[0][0].body.rotate_left(1);
        assert!(!job.accepts(&answer));
    }

    #[test]
    fn swapped_and_missing_segments_are_refused() {
        let job = {
            let layout = Layout::new(2 * SEGMENT_ROWS, 1).unwrap();
            let key = SecretKey::generate(&mut random(1));
            let (words, checksum) = encrypt(&layout, &key, &random_rows(2 * SEGMENT_ROWS, 1, 5));
            Job { layout, key, words, checksum }
        };
        let mut answer = job.honest();
        assert!(job.accepts(&answer));
        assert!(!job.accepts(&answer[..1]));
        answer.swap(0, 1);
        assert!(!job.accepts(&answer));
        answer.push(answer[0].clone());
        assert!(!job.accepts(&answer));
    }

    #[test]
    fn another_jobs_totals_are_refused() {
        let (mine, other) = (job(1000, 1), job(1000, 2));
        assert!(!mine.accepts(&other.honest()));
    }

    #[test]
    fn answers_of_another_shape_are_refused() {
        let job = job(1000, 1);
        let mut answer = job.honest();
        answer[0][0].body.pop();
        assert!(!job.accepts(&answer));
        let mut answer = job.honest();
        answer[0][0].mask.push(0);
        assert!(!job.accepts(&answer));
        assert!(!job.accepts(&[]));
    }
}
