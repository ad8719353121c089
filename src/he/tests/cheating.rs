//! What a dishonest server could answer, each answer by its name.

use super::{decrypt, encrypt, evaluate, random, random_rows};
use crate::foundation::secret::Secret;
use crate::he::layout::rows_per_block;
use crate::he::parameters::{DELTA_BITS, POLYNOMIAL_SIZE, SEGMENT_ROWS};
use crate::he::{LaneTotals, Layout, SecretKey, bridge};

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
