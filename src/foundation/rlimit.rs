//! How many files and sockets this process may have open.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Open files, at most.
const MOST_FILES: u64 = 1 << 16;

/// The system lets this process have too few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it takes up to {needed} open files and connections, and this process may have no more than {allowed}")]
pub struct TooFewFiles {
    /// How many it takes.
    pub needed: u64,
    /// How many it may have.
    pub allowed: u64,
}

/// Makes sure that so many can be open at once; returns how many more can.
///
/// # Errors
/// [`TooFewFiles`] if the system refuses.
pub fn require(needed: u64) -> Result<u64, TooFewFiles> {
    // What this does not bring about is seen in a moment.
    drop(raise());
    let allowed = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    allowed.checked_sub(needed).ok_or(TooFewFiles { needed, allowed })
}

/// Asks for many. Each connection has a few sockets and a file, and many systems allow 1,024 in all unless asked for more.
///
/// # Errors
/// If the system refuses; then there may be as few as before.
pub fn raise() -> io::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(MOST_FILES, |maximum| maximum.min(MOST_FILES));
    if current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })?)
}
