//! The arrangement of a table in blocks: lanes of slots, blocks of rows, segments of blocks.
//!
//! The slots of a row are divided into **lanes** of at most N slots. A lane of width S has `r = ⌊N/S⌋` rows to a block;
//! slot j of a block's row i is coefficient `i·S + j`. Rows are divided into **segments** of at most [`SEGMENT_ROWS`]
//! rows, the same in all lanes, at whose end every lane closes its last block, filled or not. Blocks follow each other
//! in the order in which they are complete when rows come one by one; of blocks complete at the same row, the lower
//! lane goes first. Client and server both derive this order from the number of rows and the widths of the lanes alone.
//!
//! All lanes end their blocks with the segment, so segments are independent. The last block is folded over the rows
//! that it has; nothing is padded. So the stored size reveals the exact number of rows. A lane may be narrower than N:
//! a row's slots are divided into the fewest lanes with which blocks are at least 90 % full. A dataset cannot choose
//! its lanes: they follow from the number of slots, so that no dataset has totals much larger than itself.

use super::error::HeError;
use super::parameters::{MAX_BLOCKS, POLYNOMIAL_SIZE, SEGMENT_ROWS};

/// The maximum number of lanes, which hold a million slots.
pub const MAX_LANES: usize = 256;

/// Words of a block before its body: the seed of its mask.
pub const SEED_WORDS: usize = 2;

/// Blocks are at least this full on average, in tenths, where at most [`SPLITS`] lanes can achieve it.
const FULL_TENTHS: usize = 9;
const SPLITS: usize = 3;

/// The arrangement of a table in blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    rows: u64,
    widths: Vec<usize>,
}

/// The position of one block in a [`Layout`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// The segment, counted from 0.
    pub segment: u64,
    /// The lane, counted from 0.
    pub lane: usize,
    /// Slots per row.
    pub width: usize,
    /// Rows in this block.
    pub rows: usize,
    /// The first row of this block, counted from 0 over the whole table.
    pub first_row: u64,
}

impl Block {
    /// Returns the number of words of the block's body.
    pub fn body_words(&self) -> usize {
        self.rows * self.width
    }

    /// Returns the number of words of the block in a file: seed and body.
    pub fn words(&self) -> usize {
        SEED_WORDS + self.body_words()
    }
}

/// Returns the number of words of `blocks` in a file.
pub fn words(blocks: &[Block]) -> usize {
    blocks.iter().map(Block::words).sum()
}

impl Layout {
    /// Returns the layout for `rows` rows of `slots` slots, its lanes chosen so that blocks are at least 90 % full on
    /// average. A table has no other layout, so a client cannot make the server compute totals much larger than the
    /// dataset.
    ///
    /// # Errors
    /// [`HeError::Shape`] if there are no rows, no slots, or too many slots; [`HeError::TooManyBlocks`].
    pub fn new(rows: u64, slots: usize) -> Result<Self, HeError> {
        if slots > MAX_LANES * POLYNOMIAL_SIZE {
            return Err(HeError::Shape { rows, slots });
        }
        Self::with_widths(rows, lane_widths(slots))
    }

    /// Returns the layout for `rows` rows in lanes of these widths.
    pub(super) fn with_widths(rows: u64, widths: Vec<usize>) -> Result<Self, HeError> {
        let fits = |width: &usize| (1..=POLYNOMIAL_SIZE).contains(width);
        if rows == 0 || widths.is_empty() || widths.len() > MAX_LANES || !widths.iter().all(fits) {
            return Err(HeError::Shape { rows, slots: widths.iter().fold(0, |sum, width| sum.saturating_add(*width)) });
        }
        // The narrowest lane packs N rows in a block; more rows than this exceed the limit, and could overflow below.
        if rows > MAX_BLOCKS * POLYNOMIAL_SIZE as u64 {
            return Err(HeError::TooManyBlocks);
        }
        let layout = Self { rows, widths };
        if layout.block_count() > MAX_BLOCKS { Err(HeError::TooManyBlocks) } else { Ok(layout) }
    }

    /// Returns the number of rows of the table.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the number of slots per row of each lane.
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    /// Returns the number of slots per row of all lanes together.
    pub fn slots(&self) -> usize {
        self.widths.iter().sum()
    }

    /// Returns the number of segments.
    pub fn segments(&self) -> u64 {
        self.rows.div_ceil(SEGMENT_ROWS)
    }

    /// Returns the number of rows of the segment with this index.
    pub fn segment_rows(&self, segment: u64) -> u64 {
        self.rows.saturating_sub(segment.saturating_mul(SEGMENT_ROWS)).min(SEGMENT_ROWS)
    }

    /// Returns the number of blocks.
    pub fn block_count(&self) -> u64 {
        let full_segments = self.rows / SEGMENT_ROWS;
        let rest = self.rows % SEGMENT_ROWS;
        let lane = |width: &usize| {
            let per_block = rows_per_block(*width) as u64;
            full_segments * SEGMENT_ROWS.div_ceil(per_block) + rest.div_ceil(per_block)
        };
        self.widths.iter().map(lane).sum()
    }

    /// Returns the number of words of all blocks.
    pub fn words(&self) -> u64 {
        self.block_count() * SEED_WORDS as u64 + self.rows * self.slots() as u64
    }

    /// Returns the number of words of the totals: a mask and a truncated body per lane and segment.
    pub fn totals_words(&self) -> u64 {
        let lane_words: usize = self.widths.iter().map(|width| POLYNOMIAL_SIZE + width).sum();
        self.segments() * lane_words as u64
    }

    /// Iterates over all blocks in order.
    pub fn blocks(&self) -> impl Iterator<Item = Block> + '_ {
        (0..self.segments()).flat_map(|segment| SegmentBlocks {
            segment,
            first_row: segment * SEGMENT_ROWS,
            rows: self.segment_rows(segment),
            widths: &self.widths,
            done: vec![0; self.widths.len()],
        })
    }

    /// Iterates over all blocks in batches of about `words` words.
    pub fn batches(&self, words: usize) -> impl Iterator<Item = Vec<Block>> + '_ {
        let mut blocks = self.blocks();
        std::iter::from_fn(move || {
            let mut batch = vec![blocks.next()?];
            let mut filled = self::words(&batch);
            while filled < words {
                let Some(block) = blocks.next() else { break };
                filled += block.words();
                batch.push(block);
            }
            Some(batch)
        })
    }
}

/// Returns r = ⌊N/S⌋.
pub fn rows_per_block(width: usize) -> usize {
    POLYNOMIAL_SIZE / width.max(1)
}

/// An iterator over the blocks of one segment.
struct SegmentBlocks<'l> {
    segment: u64,
    first_row: u64,
    rows: u64,
    widths: &'l [usize],
    /// Rows of each lane whose blocks were returned already.
    done: Vec<u64>,
}

impl Iterator for SegmentBlocks<'_> {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        let complete_at = |(done, width): (&u64, &usize)| (done + rows_per_block(*width) as u64).min(self.rows);
        let open = self.done.iter().zip(self.widths).enumerate().filter(|(_, (done, _))| **done < self.rows);
        let (end, lane) = open.map(|(lane, entry)| (complete_at(entry), lane)).min()?;
        let first = std::mem::replace(&mut self.done[lane], end);
        Some(Block {
            segment: self.segment,
            lane,
            width: self.widths[lane],
            // At most `rows_per_block`, so at most N.
            rows: (end - first) as usize,
            first_row: self.first_row + first,
        })
    }
}

/// Returns the widths of the fewest lanes that fill blocks well: as many full lanes as possible, then up to [`SPLITS`]
/// for the rest.
fn lane_widths(slots: usize) -> Vec<usize> {
    let full_lanes = slots.saturating_sub(1) / POLYNOMIAL_SIZE;
    let rest = slots - full_lanes * POLYNOMIAL_SIZE;
    let splits = (1..=SPLITS).map(|lanes| best_split(rest, lanes));
    let well_filled = |widths: &Vec<usize>| fullness_tenths(rest, widths) >= FULL_TENTHS as f64;
    let fullest = || best_split(rest, SPLITS);
    let tail = splits.into_iter().find(well_filled).unwrap_or_else(fullest);
    [vec![POLYNOMIAL_SIZE; full_lanes], tail].concat()
}

/// Returns at most `lanes` widths that add up to `slots` and need the fewest blocks per row. Rows of each width except
/// the last fill a block almost completely.
fn best_split(slots: usize, lanes: usize) -> Vec<usize> {
    let whole = vec![slots];
    if lanes <= 1 || slots <= 1 {
        return whole;
    }
    // Much narrower first lanes need not be tried: they leave nearly all slots to the remaining lanes.
    let counts = 1..=rows_per_block(slots) + MAX_FIRST_LANE_TRIES;
    let firsts = counts.map(rows_per_block).filter(|width| (1..slots).contains(width));
    let splits = firsts.map(|first| [vec![first], best_split(slots - first, lanes - 1)].concat());
    let cost = |widths: &Vec<usize>| widths.iter().map(|width| 1.0 / rows_per_block(*width) as f64).sum::<f64>();
    match splits.min_by(|a, b| cost(a).total_cmp(&cost(b))) {
        Some(best) if cost(&best).total_cmp(&cost(&whole)).is_le() => best,
        _ => whole,
    }
}

/// The number of narrower first lanes that are tried beyond the widest one that fits.
const MAX_FIRST_LANE_TRIES: usize = 40;

/// Returns the used fraction of an average block, in tenths.
fn fullness_tenths(slots: usize, widths: &[usize]) -> f64 {
    let blocks_per_row: f64 = widths.iter().map(|width| 1.0 / rows_per_block(*width) as f64).sum();
    10.0 * slots as f64 / (POLYNOMIAL_SIZE as f64 * blocks_per_row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blocks_are_nine_tenths_full_for_every_number_of_slots() {
        for slots in 1..=5000 {
            let layout = Layout::new(100_000, slots).unwrap();
            assert_eq!(layout.slots(), slots);
            let capacity = layout.block_count() as f64 * POLYNOMIAL_SIZE as f64;
            let fullness = 100_000.0 * slots as f64 / capacity;
            // The last block of each lane may be shorter.
            let last_blocks = layout.widths().len() as f64 / layout.block_count() as f64;
            assert!(fullness + last_blocks >= 0.9, "{slots} slots: {fullness}");
            assert!(8.0 * layout.words() as f64 <= 8.05 * 100_000.0 * slots as f64, "{slots} slots");
        }
    }

    /// The file format depends on this. The digest is that of a list made by another implementation of
    /// `docs/FORMAT.md`.
    #[test]
    fn lanes_match_the_format() {
        let lanes = |slots| lane_widths(slots).iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
        let list: String = (1..=5000).map(|slots| format!("{slots}: {}\n", lanes(slots))).collect();
        assert_eq!(
            blake3::hash(list.as_bytes()).to_hex().as_str(),
            "e9352e96dd0a5e266445ea24c0056ae880ca4796450c2bd5f6df54283945a264"
        );
    }

    #[test]
    fn impossible_shapes_are_rejected() {
        for (rows, widths) in [(0, vec![1]), (1, vec![]), (1, vec![0]), (1, vec![4097]), (1, vec![1; 257])] {
            assert!(matches!(Layout::with_widths(rows, widths), Err(HeError::Shape { .. })));
        }
        assert_eq!(Layout::with_widths(u64::MAX, vec![1]), Err(HeError::TooManyBlocks));
        assert_eq!(Layout::with_widths((1 << 32) + 1, vec![4096]), Err(HeError::TooManyBlocks));
        assert!(matches!(Layout::new(1, usize::MAX), Err(HeError::Shape { .. })));
    }

    proptest! {
        #[test]
        fn blocks_cover_each_lane_in_order(
            rows in 1..3_000_000_u64,
            widths in proptest::collection::vec(100..=4096_usize, 1..4),
        ) {
            let layout = Layout::with_widths(rows, widths.clone()).unwrap();
            let mut next_row = vec![0; widths.len()];
            let (mut count, mut words, mut last_end) = (0, 0, (0, 0));
            for block in layout.blocks() {
                prop_assert_eq!(block.first_row, next_row[block.lane]);
                prop_assert!(block.rows >= 1 && block.rows <= rows_per_block(block.width));
                let last = block.first_row + block.rows as u64 - 1;
                prop_assert_eq!((block.first_row / SEGMENT_ROWS, last / SEGMENT_ROWS), (block.segment, block.segment));
                prop_assert!((last, block.lane) > last_end || count == 0);
                last_end = (last, block.lane);
                next_row[block.lane] = last + 1;
                count += 1;
                words += block.words() as u64;
            }
            prop_assert!(next_row.iter().all(|next| *next == rows));
            prop_assert_eq!((count, words), (layout.block_count(), layout.words()));
        }

        #[test]
        fn batches_contain_all_blocks(rows in 1..2_500_000_u64, width in 500..=4096_usize, size in 1..200_000_usize) {
            let layout = Layout::with_widths(rows, vec![width]).unwrap();
            let batches: Vec<Vec<Block>> = layout.batches(size).collect();
            prop_assert!(batches.iter().flatten().copied().eq(layout.blocks()));
            prop_assert!(batches.iter().rev().skip(1).all(|batch| words(batch) >= size));
        }
    }
}
