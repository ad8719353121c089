//! Files that somebody else put in their place.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// Opens the regular file at `place` for reading: no pipe to wait at for ever, no link that leads elsewhere.
///
/// # Errors
/// Those of opening, and one for whatever is no regular file.
pub fn open(place: &Path) -> io::Result<File> {
    open_as(place, OFlags::RDONLY | OFlags::NOFOLLOW)
}

/// The same, wherever links lead.
///
/// # Errors
/// As [`open`].
pub fn open_linked(place: &Path) -> io::Result<File> {
    open_as(place, OFlags::RDONLY)
}

/// Opens the regular file at `place` for writing at its end, and makes it if it is not there.
///
/// # Errors
/// As [`open`].
pub fn append(place: &Path) -> io::Result<File> {
    open_as(place, OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW)
}

fn open_as(place: &Path, flags: OFlags) -> io::Result<File> {
    let flags = flags | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(place, flags, Mode::from_raw_mode(0o666))?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no regular file")) }
}
