//! The space that a directory takes with all that is below it.

use std::io;
use std::os::fd::AsFd;

use rustix::fs::{self, AtFlags, Dir, Mode, OFlags};

use super::changes::space;
use super::{DIRECTORY, Entry, EntryKind, RootDir};

/// How deep directories are measured.
const DEEPEST: usize = 256;

impl RootDir {
    /// The space of all files and directories in it and its own, found by walking over them for as long as `go_on` says.
    ///
    /// # Errors
    /// [`io::ErrorKind::Interrupted`], and those of the system.
    pub fn measure(&self, go_on: &dyn Fn() -> bool) -> io::Result<u64> {
        Ok(self.own_space().saturating_add(measure(&self.directory, DEEPEST, go_on)?))
    }
}

fn measure(directory: impl AsFd, depth: usize, go_on: &dyn Fn() -> bool) -> io::Result<u64> {
    let mut bytes = 0_u64;
    for item in Dir::read_from(&directory)? {
        if !go_on() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let item = item?;
        let name = item.file_name();
        if [c".", c".."].contains(&name) {
            continue;
        }
        // What vanishes meanwhile takes no space.
        let Ok(stat) = fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        bytes = bytes.saturating_add(space(&stat));
        if Entry::from(&stat).kind == EntryKind::Directory && depth > 0 {
            let inner = fs::openat(&directory, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty());
            match inner.map_or(Ok(0), |inner| measure(&inner, depth - 1, go_on)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
                // What cannot be read is not counted, nor what is removed meanwhile.
                inner => bytes = bytes.saturating_add(inner.unwrap_or_default()),
            }
        }
    }
    Ok(bytes)
}
