//! The server's part: blocks are added up and folded. No key here, and none could be used.
//!
//! A fold over a mergeable value: every worker adds its share of the blocks into sums of its own, which are merged when
//! a segment ends.

use rayon::prelude::*;

use super::error::HeError;
use super::layout::{Batch, Block, Layout, SEED_WORDS, rows_per_block};
use super::mask::{self, MaskSeed};
use super::parameters::{POLYNOMIAL_SIZE, SEGMENT_ROWS};
use super::words;

/// The encrypted totals of one lane over one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneTotals {
    /// The whole mask, N words.
    pub mask: Vec<u64>,
    /// One body coefficient per slot. The others would hold partial sums, which are nobody's business.
    pub body: Vec<u64>,
}

/// Adds the blocks of a dataset, segment by segment.
pub struct Evaluator {
    workers: Vec<Vec<LaneSum>>,
    /// Rows of the open segment, per lane.
    rows: Vec<u64>,
}

impl Evaluator {
    /// An evaluator for datasets of this layout.
    pub fn new(layout: &Layout) -> Self {
        let lanes = || layout.widths().iter().map(|width| LaneSum::new(*width)).collect();
        let workers = (0..rayon::current_num_threads()).map(|_| lanes()).collect();
        Self { workers, rows: vec![0; layout.widths().len()] }
    }

    /// Adds the blocks of `batch`, whose words these are.
    ///
    /// # Errors
    /// [`HeError::Layout`] if words or lanes are not as the batch says, [`HeError::SegmentFull`] if the noise of the
    /// totals could reach the next plaintext.
    pub fn add(&mut self, batch: &Batch, words: &[u64]) -> Result<(), HeError> {
        let mut shares = Vec::with_capacity(batch.blocks.len());
        let mut rest = words;
        for block in &batch.blocks {
            self.count_rows(block)?;
            let (own, others) = rest.split_at_checked(block.words()).ok_or(HeError::Layout)?;
            rest = others;
            shares.push((block, own));
        }
        if !rest.is_empty() {
            return Err(HeError::Layout);
        }
        let share = shares.len().div_ceil(self.workers.len()).max(1);
        self.workers.par_iter_mut().zip(shares.par_chunks(share)).try_for_each(|(lanes, blocks)| {
            let lane = |(block, _): &(&Block, &[u64])| block.lane;
            let runs = blocks.chunk_by(|one, next| lane(one) == lane(next));
            runs.filter_map(|run| Some((lane(run.first()?), run)))
                .try_for_each(|(lane, run)| lanes.get_mut(lane).ok_or(HeError::Layout)?.add(run))
        })
    }

    /// The totals of the segment, lane by lane; the next segment begins.
    pub fn finish_segment(&mut self) -> Vec<LaneTotals> {
        self.rows.fill(0);
        let mut workers = self.workers.iter_mut();
        let Some(first) = workers.next() else { return Vec::new() };
        for other in workers {
            first.iter_mut().zip(other).for_each(|(sum, other)| sum.merge(other));
        }
        first.iter_mut().map(LaneSum::finish).collect()
    }

    fn count_rows(&mut self, block: &Block) -> Result<(), HeError> {
        let rows = self.rows.get_mut(block.lane).ok_or(HeError::Layout)?;
        *rows += block.rows as u64;
        if *rows > SEGMENT_ROWS { Err(HeError::SegmentFull) } else { Ok(()) }
    }
}

/// The sum of some blocks of one lane.
struct LaneSum {
    width: usize,
    /// Σ of the masks and of the bodies of full blocks, not yet folded.
    mask: Vec<u64>,
    body: Vec<u64>,
    /// Σ of the cut blocks (one at a segment's end), folded over the rows that they have.
    cut: LaneTotals,
}

impl LaneSum {
    fn new(width: usize) -> Self {
        Self {
            width,
            mask: vec![0; POLYNOMIAL_SIZE],
            body: vec![0; rows_per_block(width) * width],
            cut: LaneTotals { mask: vec![0; POLYNOMIAL_SIZE], body: vec![0; width] },
        }
    }

    fn add(&mut self, blocks: &[(&Block, &[u64])]) -> Result<(), HeError> {
        let (mut seeds, mut bodies) = (Vec::with_capacity(blocks.len()), Vec::with_capacity(blocks.len()));
        for (block, stored) in blocks {
            let (seed, body) = stored.split_first_chunk::<SEED_WORDS>().ok_or(HeError::Layout)?;
            if block.width != self.width || body.len() != block.body_words() || body.len() > self.body.len() {
                return Err(HeError::Layout);
            }
            let seed = MaskSeed::from_words(*seed);
            if body.len() == self.body.len() {
                seeds.push(seed);
                bodies.push(body);
            } else {
                self.add_cut(seed, body, block.rows)?;
            }
        }
        words::add_all(&mut self.body, &bodies);
        mask::add(&seeds, &mut self.mask)
    }

    fn add_cut(&mut self, seed: MaskSeed, body: &[u64], rows: usize) -> Result<(), HeError> {
        let mut mask = vec![0; POLYNOMIAL_SIZE];
        mask::expand(seed, &mut mask)?;
        words::add(&mut self.cut.mask, &fold_mask(&mask, self.width, rows));
        words::add(&mut self.cut.body, &fold_body(body, self.width));
        Ok(())
    }

    /// Takes over all that `other` holds.
    fn merge(&mut self, other: &mut Self) {
        for (own, others) in [
            (&mut self.mask, &mut other.mask),
            (&mut self.body, &mut other.body),
            (&mut self.cut.mask, &mut other.cut.mask),
            (&mut self.cut.body, &mut other.cut.body),
        ] {
            words::add(own, others);
            others.fill(0);
        }
    }

    fn finish(&mut self) -> LaneTotals {
        let mut totals = LaneTotals {
            mask: fold_mask(&self.mask, self.width, rows_per_block(self.width)),
            body: fold_body(&self.body, self.width),
        };
        words::add(&mut totals.mask, &self.cut.mask);
        words::add(&mut totals.body, &self.cut.body);
        for words in [&mut self.mask, &mut self.body, &mut self.cut.mask, &mut self.cut.body] {
            words.fill(0);
        }
        totals
    }
}

/// `Σ_{i<rows} X^{−i·width} · T` modulo X^N + 1.
///
/// Coefficient c of the sum is `Σ_i t(c + i·width)`, where t continues T beyond N with the sign turned. So the
/// coefficient `width` further drops the first term and gains one: N steps instead of `rows · N`.
fn fold_mask(mask: &[u64], width: usize, rows: usize) -> Vec<u64> {
    let n = mask.len();
    let t = |degree: usize| if degree < n { mask[degree] } else { mask[degree - n].wrapping_neg() };
    let mut folded: Vec<u64> = Vec::with_capacity(n);
    for c in 0..n {
        folded.push(match c.checked_sub(width) {
            Some(before) => folded[before].wrapping_sub(t(before)).wrapping_add(t(before + rows * width)),
            None => (0..rows).fold(0_u64, |sum, i| sum.wrapping_add(t(c + i * width))),
        });
    }
    folded
}

/// The first `width` coefficients of the same fold: the rows added up, for no sign turns there.
fn fold_body(body: &[u64], width: usize) -> Vec<u64> {
    let mut folded = vec![0; width];
    body.chunks_exact(width).for_each(|row| words::add(&mut folded, row));
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fold as the formula says it.
    fn fold_by_definition(mask: &[u64], width: usize, rows: usize) -> Vec<u64> {
        let n = mask.len();
        let mut folded = vec![0_u64; n];
        for i in 0..rows {
            for (degree, word) in mask.iter().enumerate() {
                match degree.checked_sub(i * width) {
                    Some(lower) => folded[lower] = folded[lower].wrapping_add(*word),
                    None => {
                        let lower = degree + n - i * width;
                        folded[lower] = folded[lower].wrapping_sub(*word);
                    }
                }
            }
        }
        folded
    }

    #[test]
    fn the_fast_fold_is_the_fold() {
        let mask: Vec<u64> = (0..4096_u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
        for (width, rows) in [(1, 4096), (1, 17), (23, 178), (23, 5), (1365, 3), (4096, 1), (2049, 1), (100, 40)] {
            assert!(fold_mask(&mask, width, rows) == fold_by_definition(&mask, width, rows), "{width} × {rows}");
        }
    }
}
