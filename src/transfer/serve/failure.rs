//! Why a transfer failed.

use std::io;

/// The side on which a transfer failed.
pub(super) enum TransferFailure {
    /// The server's own file, disk or thread.
    Local(io::Error),
    /// The client or its data connection.
    Peer(io::Error),
}

impl TransferFailure {
    /// A transfer that the client aborted or the server ended.
    pub(super) fn aborted() -> Self {
        Self::Peer(io::Error::new(io::ErrorKind::ConnectionAborted, "aborted"))
    }
}
