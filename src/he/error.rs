//! Errors of the homomorphic encryption.

use super::parameters::{MAX_BLOCKS, SEGMENT_ROWS};

/// The reason why encryption, decryption or a computation on ciphertexts failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeError {
    /// The table has no rows, no slots, or more slots than the scheme supports.
    #[error("tables of {rows} rows and {slots} slots are not supported")]
    Shape {
        /// The number of rows of the table.
        rows: u64,
        /// The number of slots per row.
        slots: usize,
    },
    /// The table needs more blocks than one key may encrypt.
    #[error("the table needs more than {MAX_BLOCKS} blocks, the limit of one key")]
    TooManyBlocks,
    /// The segment has more rows than its noise allows.
    #[error("a segment holds at most {SEGMENT_ROWS} rows")]
    SegmentFull,
    /// The number of words, rows or segments does not match the layout.
    #[error("the ciphertext does not match its layout")]
    Layout,
    /// The ring has no number-theoretic transform. This cannot happen with the compiled parameters.
    #[error("the ring has no number-theoretic transform")]
    Transform,
    /// AES-CTR failed, which happens only if the cryptographic library is broken.
    #[error("the mask generator failed")]
    Mask,
}
