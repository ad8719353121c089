//! What can go wrong between client and server.

use std::io;
use std::path::Path;

use crate::foundation::observer::Stopped;

/// Why bytes did not get there.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// No server there.
    #[error("no server at {location}")]
    Unreachable {
        /// Where it was looked for.
        location: String,
        /// Why.
        source: io::Error,
    },
    /// The server's disk is full.
    #[error("the disk of the server is full (at {place})")]
    ServerFull {
        /// Where.
        place: String,
    },
    /// The server does not let us.
    #[error("the server denies access to {place}")]
    Denied {
        /// To what.
        place: String,
    },
    /// Anything else on the server's side.
    #[error("the server fails at {place}")]
    Server {
        /// At what.
        place: String,
        /// How.
        source: io::Error,
    },
    /// The client's own file cannot be read or written.
    #[error("cannot use {place}")]
    Local {
        /// Which.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// A file larger than it may be.
    #[error("{place} on the server is larger than {limit} bytes")]
    TooLarge {
        /// Which.
        place: String,
        /// The most that is taken.
        limit: u64,
    },
    /// A file with another length than was sent.
    #[error("{place} has {found} bytes on the server instead of {sent}")]
    Incomplete {
        /// Which.
        place: String,
        /// There.
        found: u64,
        /// Here.
        sent: u64,
    },
    /// Work was stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl TransferError {
    /// What an error of the system means when it concerns `place` on the server.
    pub(super) fn at_server(place: &Path, source: io::Error) -> Self {
        let place = place.display().to_string();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::ServerFull { place },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Denied { place },
            _ => Self::Server { place, source },
        }
    }
}
