//! Packs rows of slots into plaintext blocks, in the order of the layout.

use zeroize::Zeroizing;

use super::error::HeError;
use super::layout::{Block, Layout, rows_per_block};
use super::parameters::SEGMENT_ROWS;

/// A block before encryption: `block.body_words()` slot values below 2^20, row after row; wiped when dropped.
pub struct PlainBlock {
    /// Its position in the layout.
    pub block: Block,
    /// Its values.
    pub values: Zeroizing<Vec<u32>>,
}

/// Collects rows until blocks are full.
pub struct Packer<'l> {
    layout: &'l Layout,
    /// The next row, from 0.
    row: u64,
    /// The values of each lane's incomplete block, row after row.
    open: Vec<Zeroizing<Vec<u32>>>,
}

impl<'l> Packer<'l> {
    /// Creates a packer for the rows of `layout`.
    pub fn new(layout: &'l Layout) -> Self {
        Self { layout, row: 0, open: layout.widths().iter().map(|width| empty_block(*width)).collect() }
    }

    /// Adds the next row, `layout.slots()` values below 2^20, and passes the blocks that it completes to `emit`.
    ///
    /// # Errors
    /// [`HeError::Layout`] if the row has another length or the layout has no more rows.
    pub fn push(&mut self, row: &[u32], mut emit: impl FnMut(PlainBlock)) -> Result<(), HeError> {
        if row.len() != self.layout.slots() || self.row >= self.layout.rows() {
            return Err(HeError::Layout);
        }
        let segment = self.row / SEGMENT_ROWS;
        self.row += 1;
        let ends_segment = self.row.is_multiple_of(SEGMENT_ROWS) || self.row == self.layout.rows();
        let mut rest = row;
        for (lane, (open, width)) in self.open.iter_mut().zip(self.layout.widths()).enumerate() {
            let (own, others) = rest.split_at_checked(*width).ok_or(HeError::Layout)?;
            rest = others;
            open.extend_from_slice(own);
            let rows = open.len() / width;
            if ends_segment || rows == rows_per_block(*width) {
                let values = std::mem::replace(open, empty_block(*width));
                let block = Block { segment, lane, width: *width, rows, first_row: self.row - rows as u64 };
                emit(PlainBlock { block, values });
            }
        }
        Ok(())
    }

    /// Checks that all rows were added.
    ///
    /// # Errors
    /// [`HeError::Layout`] if rows are missing.
    pub fn finish(self) -> Result<(), HeError> {
        if self.row == self.layout.rows() { Ok(()) } else { Err(HeError::Layout) }
    }
}

/// Returns a buffer with the capacity of a full block: a reallocation would leave a copy behind that is not wiped.
fn empty_block(width: usize) -> Zeroizing<Vec<u32>> {
    Zeroizing::new(Vec::with_capacity(rows_per_block(width) * width))
}
