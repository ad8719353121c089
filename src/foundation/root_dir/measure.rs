//! Measures the disk space of a directory tree.

use std::io;
use std::os::fd::AsFd;

use rustix::fs::{self, AtFlags, Dir, Mode, OFlags};

use super::changes::space;
use super::{DIRECTORY, Entry, EntryKind, RootDir};

/// The number of directory levels that are measured; deeper ones are not counted.
const MAX_DEPTH: usize = 256;

impl RootDir {
    /// Walks the tree and returns its disk space in bytes, including the directory itself. Stops when `keep_going`
    /// returns false.
    ///
    /// # Errors
    /// [`io::ErrorKind::Interrupted`] if it was stopped, or a directory cannot be read.
    pub fn measure(&self, keep_going: &dyn Fn() -> bool) -> io::Result<u64> {
        Ok(self.own_space().saturating_add(measure(&self.directory, MAX_DEPTH, keep_going)?))
    }
}

fn measure(directory: impl AsFd, depth: usize, keep_going: &dyn Fn() -> bool) -> io::Result<u64> {
    let mut bytes = 0_u64;
    for item in Dir::read_from(&directory)? {
        if !keep_going() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let item = item?;
        let name = item.file_name();
        if [c".", c".."].contains(&name) {
            continue;
        }
        // An entry that was removed meanwhile uses no space.
        let Ok(stat) = fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        bytes = bytes.saturating_add(space(&stat));
        if Entry::from(&stat).kind == EntryKind::Directory && depth > 0 {
            let inner = fs::openat(&directory, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty());
            match inner.map_or(Ok(0), |inner| measure(&inner, depth - 1, keep_going)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
                // The content of a directory that cannot be read, or was removed meanwhile, is not counted.
                inner => bytes = bytes.saturating_add(inner.unwrap_or(0)),
            }
        }
    }
    Ok(bytes)
}
