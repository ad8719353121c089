//! What is known of the entries of directories.

use std::fs::File;
use std::io;

use rustix::fs::{FileType, Stat, fstat};

/// What an entry of a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, a pipe or a socket.
    Other,
}

/// What is known of an entry of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// Its length.
    pub bytes: u64,
    /// When it was written last, in seconds since 1970.
    pub modified: i64,
    /// And nanoseconds.
    pub nanoseconds: u64,
    /// The number by which the file system knows it.
    pub inode: u64,
}

impl Entry {
    /// What is known of an open file.
    ///
    /// # Errors
    /// Those of the system.
    pub fn of(file: &File) -> io::Result<Self> {
        Ok(Self::from(&fstat(file)?))
    }
}

impl From<&Stat> for Entry {
    fn from(stat: &Stat) -> Self {
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => EntryKind::Directory,
            FileType::RegularFile => EntryKind::File,
            FileType::Symlink => EntryKind::Link,
            _ => EntryKind::Other,
        };
        Self {
            kind,
            bytes: u64::try_from(stat.st_size).unwrap_or_default(),
            modified: stat.st_mtime,
            nanoseconds: stat.st_mtime_nsec,
            inode: stat.st_ino,
        }
    }
}
