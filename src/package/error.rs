//! What can be wrong with a `.hes` file.

use std::io;

/// Why a file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Not one of our files at all.
    #[error("not a .hes file (it does not begin as one)")]
    BadMagic,
    /// One of our files, but of a later or unknown version.
    #[error("format version {found}, but this program reads version {expected}")]
    Version {
        /// In the file.
        found: u16,
        /// Ours.
        expected: u16,
    },
    /// One of our files, but of another kind.
    #[error("a {found}, where a {expected} was expected")]
    Kind {
        /// In the file.
        found: String,
        /// Wanted.
        expected: String,
    },
    /// The header is no header of this kind, or claims what cannot be.
    #[error("the header is damaged or claims what cannot be: {0}")]
    Header(String),
    /// The file is not as long as its header says.
    #[error("{found} bytes long, but its header asks for {expected}")]
    Length {
        /// On disk.
        found: u64,
        /// By the header.
        expected: u64,
    },
    /// The bytes do not have the digest at the file's end.
    #[error("the digest at its end is not that of its bytes")]
    Digest,
    /// An undamaged totals file, but not the one that is the sum of the dataset.
    #[error("not the sum of the dataset")]
    OtherTotals,
}

impl PackageError {
    /// Whether trying the same file again could help: the system failed, not the file.
    pub fn is_io(&self) -> bool {
        matches!(self, Self::Io(_))
    }
}
