//! Metadata of directory entries.

use std::fs::File;
use std::io;

use rustix::fs::{FileType, Stat, fstat};

/// The type of a directory entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    SymbolicLink,
    /// A device, a pipe or a socket.
    Other,
}

/// The metadata of a directory entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The type of the entry.
    pub kind: EntryKind,
    /// The length in bytes.
    pub bytes: u64,
    /// The time of the last modification, in seconds since the Unix epoch (UTC).
    pub modified: i64,
    /// The nanoseconds within that second.
    pub nanoseconds: u64,
    /// The inode number.
    pub inode: u64,
}

impl Entry {
    /// Returns the metadata of an open file.
    ///
    /// # Errors
    /// The system call fails.
    pub fn of(file: &File) -> io::Result<Self> {
        Ok(Self::from(&fstat(file)?))
    }
}

impl From<&Stat> for Entry {
    fn from(stat: &Stat) -> Self {
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => EntryKind::Directory,
            FileType::RegularFile => EntryKind::File,
            FileType::Symlink => EntryKind::SymbolicLink,
            _ => EntryKind::Other,
        };
        Self { kind, bytes: length(stat), modified: stat.st_mtime, nanoseconds: stat.st_mtime_nsec, inode: stat.st_ino }
    }
}

/// Returns the length in bytes. `st_size` is signed, but never negative.
pub(super) fn length(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}
