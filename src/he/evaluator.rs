//! Server side: adds up the blocks and folds the rows of the sum. It has no key and needs none.
//!
//! Threads add shares of the blocks to partial sums, which are merged at the end of a segment. The client adds its own
//! blocks with the same code, so it knows the only correct result.
//!
//! There are at most 256 partial sums, however many threads and lanes there are, and each is allocated when its first
//! block comes. A partial sum has 64 KiB at most, and as much again if it includes a partial block. So memory is
//! constant except for the totals of all segments, 8·(N + width) bytes per lane and segment, which are kept until the
//! digest of the dataset is known.

use rayon::prelude::*;

use super::error::HeError;
use super::layout::{Block, Layout, MAX_LANES, SEED_WORDS, rows_per_block};
use super::mask::{self, MaskSeed};
use super::parameters::{POLYNOMIAL_SIZE, SEGMENT_ROWS};
use super::wrapping;

/// The encrypted totals of one lane over one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneTotals {
    /// The whole mask, N words.
    pub mask: Vec<u64>,
    /// One body coefficient per slot. The others would hold partial sums, which must not be disclosed.
    pub body: Vec<u64>,
}

impl LaneTotals {
    fn add(&mut self, other: &Self) {
        wrapping::add(&mut self.mask, &other.mask);
        wrapping::add(&mut self.body, &other.body);
    }
}

/// The maximum number of partial sums of all lanes together, which bounds the memory.
const MAX_SUMS: usize = MAX_LANES;

/// A block and its words as stored in the file.
type StoredBlock<'b> = (&'b Block, &'b [u64]);

/// Adds the blocks of a dataset in the order of its layout.
pub struct Evaluator {
    lanes: Vec<Lane>,
    /// The current segment, counted from 0.
    segment: u64,
    /// The totals of the previous segments, lane by lane.
    finished: Vec<Vec<LaneTotals>>,
}

impl Evaluator {
    /// Creates an evaluator for datasets with this layout.
    pub fn new(layout: &Layout) -> Self {
        let max_sums = (MAX_SUMS / layout.widths().len()).clamp(1, rayon::current_num_threads());
        let lanes = layout.widths().iter().map(|width| Lane::new(*width, max_sums)).collect();
        Self { lanes, segment: 0, finished: Vec::new() }
    }

    /// Adds `blocks`, whose stored words are `words`. The caller must add all blocks of the layout in order, each once:
    /// missing, repeated and exchanged blocks within a segment are not detected.
    ///
    /// # Errors
    /// [`HeError::Layout`] if the words do not fit the blocks, a lane does not exist, or the segments are not in order;
    /// [`HeError::SegmentFull`] if a segment gets more than [`SEGMENT_ROWS`] rows, the limit of the noise;
    /// [`HeError::Mask`].
    pub fn add(&mut self, blocks: &[Block], words: &[u64]) -> Result<(), HeError> {
        let mut stored = Vec::with_capacity(blocks.len());
        let mut rest = words;
        for block in blocks {
            let (own, others) = rest.split_at_checked(block.words()).ok_or(HeError::Layout)?;
            rest = others;
            stored.push((block, own));
        }
        if !rest.is_empty() {
            return Err(HeError::Layout);
        }
        let mut segments = stored.chunk_by(|(one, _), (next, _)| one.segment == next.segment);
        segments.try_for_each(|blocks| self.add_to_segment(blocks))
    }

    /// Returns the totals of each segment, lane by lane.
    pub fn finish(mut self) -> Vec<Vec<LaneTotals>> {
        self.finish_segment();
        self.finished
    }

    /// Adds blocks of one segment, which is the current one or its successor.
    fn add_to_segment(&mut self, blocks: &[StoredBlock<'_>]) -> Result<(), HeError> {
        let segment = blocks.first().map_or(self.segment, |(block, _)| block.segment);
        if segment == self.segment + 1 {
            self.finish_segment();
        }
        if segment != self.segment {
            return Err(HeError::Layout);
        }
        let mut by_lane = vec![Vec::new(); self.lanes.len()];
        for (block, words) in blocks {
            let (lane, blocks) =
                self.lanes.get_mut(block.lane).zip(by_lane.get_mut(block.lane)).ok_or(HeError::Layout)?;
            lane.count_rows(block)?;
            blocks.push((*block, *words));
        }
        let shares: Vec<_> =
            self.lanes.iter_mut().zip(&by_lane).flat_map(|(lane, blocks)| lane.share(blocks)).collect();
        shares.into_par_iter().try_for_each(|(sum, blocks)| sum.add(blocks))
    }

    /// Returns the number of partial sums that are allocated.
    #[cfg(test)]
    pub(super) fn allocated_sums(&self) -> usize {
        self.lanes.iter().flat_map(|lane| &lane.sums).flatten().count()
    }

    fn finish_segment(&mut self) {
        self.finished.push(self.lanes.iter_mut().map(Lane::finish).collect());
        self.segment += 1;
    }
}

/// One lane of the current segment.
struct Lane {
    width: usize,
    rows: u64,
    /// The partial sums. Each is used by one thread at a time, and allocated when it first gets blocks.
    sums: Vec<Option<LaneSum>>,
}

impl Lane {
    fn new(width: usize, max_sums: usize) -> Self {
        Self { width, rows: 0, sums: (0..max_sums).map(|_| None).collect() }
    }

    fn count_rows(&mut self, block: &Block) -> Result<(), HeError> {
        self.rows += block.rows as u64;
        if self.rows > SEGMENT_ROWS { Err(HeError::SegmentFull) } else { Ok(()) }
    }

    /// Divides `blocks` into shares, and pairs each with the sum to add it to.
    fn share<'s, 'b>(
        &'s mut self,
        blocks: &'b [StoredBlock<'b>],
    ) -> impl Iterator<Item = (&'s mut LaneSum, &'b [StoredBlock<'b>])> + use<'s, 'b> {
        let (width, share) = (self.width, blocks.len().div_ceil(self.sums.len()).max(1));
        let sums = self.sums.iter_mut().zip(blocks.chunks(share));
        sums.map(move |(sum, blocks)| (sum.get_or_insert_with(|| LaneSum::new(width)), blocks))
    }

    /// Returns the lane's totals, and prepares the next segment. In every layout, a lane has a block in each segment; a
    /// lane to which nothing was added has the sum of no blocks, zero.
    fn finish(&mut self) -> LaneTotals {
        self.rows = 0;
        let sums = self.sums.iter_mut().filter_map(Option::take);
        sums.reduce(LaneSum::merged).unwrap_or_else(|| LaneSum::new(self.width)).finish()
    }
}

/// The sum of some blocks of one lane.
struct LaneSum {
    width: usize,
    /// Σ of the masks of full blocks, not yet folded: N words.
    mask: Vec<u64>,
    /// Σ of the bodies of full blocks, not yet folded: `rows_per_block(width) · width` words.
    body: Vec<u64>,
    /// The last block of the segment if it is not full, folded over the rows that it has.
    partial_block: Option<LaneTotals>,
}

impl LaneSum {
    fn new(width: usize) -> Self {
        let body = vec![0; rows_per_block(width) * width];
        Self { width, mask: vec![0; POLYNOMIAL_SIZE], body, partial_block: None }
    }

    fn add(&mut self, blocks: &[StoredBlock<'_>]) -> Result<(), HeError> {
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
                self.add_partial_block(seed, body, block.rows)?;
            }
        }
        wrapping::add_all(&mut self.body, &bodies);
        mask::add(&seeds, &mut self.mask)
    }

    fn add_partial_block(&mut self, seed: MaskSeed, body: &[u64], rows: usize) -> Result<(), HeError> {
        let mut mask = vec![0; POLYNOMIAL_SIZE];
        mask::expand(seed, &mut mask)?;
        let folded = LaneTotals { mask: fold_mask(&mask, self.width, rows), body: fold_body(body, self.width) };
        match &mut self.partial_block {
            Some(sum) => sum.add(&folded),
            none => *none = Some(folded),
        }
        Ok(())
    }

    fn merged(mut self, other: Self) -> Self {
        wrapping::add(&mut self.mask, &other.mask);
        wrapping::add(&mut self.body, &other.body);
        match (&mut self.partial_block, other.partial_block) {
            (Some(mine), Some(theirs)) => mine.add(&theirs),
            (mine, theirs) => *mine = mine.take().or(theirs),
        }
        self
    }

    fn finish(self) -> LaneTotals {
        let mask = fold_mask(&self.mask, self.width, rows_per_block(self.width));
        let mut totals = LaneTotals { mask, body: fold_body(&self.body, self.width) };
        if let Some(partial_block) = &self.partial_block {
            totals.add(partial_block);
        }
        totals
    }
}

/// `Σ_{i<rows} X^{−i·width} · T` modulo X^N + 1.
///
/// Coefficient c of the sum is `Σ_i t(c + i·width)`, where t continues T beyond N with the sign flipped. So coefficient
/// c + width has one term less at the front and one more at the end: about 2·N additions instead of `rows · N`.
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

/// The first `width` coefficients of the same fold: the sum of the rows, because no term wraps around there.
fn fold_body(body: &[u64], width: usize) -> Vec<u64> {
    let mut folded = vec![0; width];
    body.chunks_exact(width).for_each(|row| wrapping::add(&mut folded, row));
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fold, straight from the formula.
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
    fn the_fast_fold_equals_the_definition() {
        let mask: Vec<u64> = (0..4096_u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
        for (width, rows) in [(1, 4096), (1, 17), (23, 178), (23, 5), (1365, 3), (4096, 1), (2049, 1), (100, 40)] {
            assert!(fold_mask(&mask, width, rows) == fold_by_definition(&mask, width, rows), "{width} × {rows}");
        }
    }
}
