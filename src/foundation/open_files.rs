//! How many files and sockets this process may have open.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Open files, at most.
const MOST_FILES: u64 = 1 << 16;

/// Asks for many. Each connection has a few sockets and a file, and many systems allow 1,024 in all unless asked for more.
///
/// # Errors
/// If the system refuses; then there may be as few as before.
pub fn allow_many() -> io::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(MOST_FILES, |maximum| maximum.min(MOST_FILES));
    if current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })?)
}
