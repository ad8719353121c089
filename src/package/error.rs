//! Errors of reading and writing `.hes` files.

use std::io;

/// Why a file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file does not begin with the magic bytes of a `.hes` file.
    #[error("not a .hes file (bad magic bytes)")]
    BadMagic,
    /// A `.hes` file of another format version.
    #[error("unsupported format version {found}, expected {expected}")]
    Version {
        /// Version in the file.
        found: u16,
        /// Version that this program reads.
        expected: u16,
    },
    /// A `.hes` file of another kind.
    #[error("expected a {expected}, found a {found}")]
    Kind {
        /// [`FileKind`](super::FileKind) of the file.
        found: String,
        /// [`FileKind`](super::FileKind) that was to be read.
        expected: String,
    },
    /// The header cannot be decoded, or its values are inconsistent or out of range.
    #[error("invalid header: {0}")]
    Header(String),
    /// The file ends before its header, or its length changed while it was read.
    #[error("the file is truncated")]
    Truncated,
    /// The file's length is not the one that follows from its header.
    #[error("file length is {found} bytes, expected {expected} from its header")]
    Length {
        /// Bytes of the file.
        found: u64,
        /// Bytes that follow from the header.
        expected: u64,
    },
    /// The digest at the end of the file does not match the bytes before it.
    #[error("digest mismatch")]
    Digest,
    /// An intact totals file that is not the sum of the dataset.
    #[error("totals are not the sum of the dataset")]
    TotalsMismatch,
}

impl PackageError {
    /// Whether the system failed rather than the file, so that reading the same file again may succeed.
    pub fn is_io(&self) -> bool {
        matches!(self, Self::Io(_))
    }
}
