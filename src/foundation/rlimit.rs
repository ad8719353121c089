//! The limit of open files and sockets of this process.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The number of open files to request.
const WANTED_FILES: u64 = 1 << 16;

/// The limit of open files is too low.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("up to {needed} open files and connections are needed, and the limit of this process is {allowed}")]
pub struct TooFewFiles {
    /// The number of files and sockets that are needed.
    pub needed: u64,
    /// The limit of this process.
    pub allowed: u64,
}

/// Raises the limit, and checks that at least `needed` files can be open at the same time; returns how many more can.
///
/// # Errors
/// [`TooFewFiles`] if the limit is lower.
pub fn require(needed: u64) -> Result<u64, TooFewFiles> {
    // If this fails, the check below reports it.
    let _ = raise();
    let allowed = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    allowed.checked_sub(needed).ok_or(TooFewFiles { needed, allowed })
}

/// Raises the soft limit of open files to 65,536 or the hard limit. Each connection uses a few sockets and a file, and
/// many systems have a default limit of 1,024.
///
/// # Errors
/// The system refuses; the limit is then unchanged.
pub fn raise() -> io::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(WANTED_FILES, |maximum| maximum.min(WANTED_FILES));
    if current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })?)
}
