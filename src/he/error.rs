//! What can go wrong with ciphertexts.

use super::parameters::{MAX_BLOCKS, SEGMENT_ROWS};

/// Why a computation on ciphertexts was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeError {
    /// No rows, no slots, or more of them than the scheme holds.
    #[error("a table of {rows} rows and {slots} slots cannot be laid out in blocks")]
    Shape {
        /// Rows of the table.
        rows: u64,
        /// Slots per row.
        slots: usize,
    },
    /// More blocks than one key may encrypt.
    #[error("the table needs more than {MAX_BLOCKS} blocks, the most that one key may encrypt")]
    TooManyBlocks,
    /// One row more than the noise of a segment allows.
    #[error("a segment holds at most {SEGMENT_ROWS} rows")]
    SegmentFull,
    /// Words that are not as many as the layout says, or rows after the last.
    #[error("the ciphertext does not have the layout it claims")]
    Layout,
    /// AES-CTR failed, which it does only where the cryptographic library is broken.
    #[error("the mask generator failed")]
    Mask,
}
