//! Opens regular files only. A pipe or device that another process placed at the path is rejected and cannot block.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// Opens the regular file at `path` for reading; does not follow a symbolic link.
///
/// # Errors
/// Opening fails, `path` is a symbolic link, or it is not a regular file.
pub fn open(path: &Path) -> io::Result<File> {
    open_with(path, OFlags::RDONLY | OFlags::NOFOLLOW)
}

/// Opens the regular file at `path` for reading; follows symbolic links.
///
/// # Errors
/// Opening fails, or it is not a regular file.
pub fn open_following_links(path: &Path) -> io::Result<File> {
    open_with(path, OFlags::RDONLY)
}

/// Opens or creates the regular file at `path` for appending; does not follow a symbolic link.
///
/// # Errors
/// As [`open`].
pub fn append(path: &Path) -> io::Result<File> {
    open_with(path, OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW)
}

fn open_with(path: &Path, flags: OFlags) -> io::Result<File> {
    // Without NONBLOCK, opening a pipe would wait for its other end.
    let flags = flags | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(0o666))?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}
