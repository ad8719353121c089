//! Errors of links and of the listeners and dialers that make them.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::crypto::KeyFingerprint;
use crate::foundation::observer::Cancelled;

/// Why a link could not be made, or broke.
///
/// In all variants `address` is the address of the listening side, `peer` that of the other side, and `own` the
/// fingerprint of the identity that this process presents.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are described above or say what they are")]
pub enum WireError {
    /// No TCP connection could be made.
    #[error("cannot connect to {address}")]
    Unreachable { address: String, source: io::Error },
    /// The peer did not send or take data within the timeout.
    #[error("{peer} timed out: no data for {seconds} s")]
    Timeout { peer: String, seconds: u64 },
    /// The connection broke, or the peer closed it.
    #[error("the connection to {peer} was lost")]
    ConnectionLost { peer: String, source: io::Error },
    /// The peer sent something that the protocol does not allow at this point.
    #[error("{peer} violated the protocol")]
    ProtocolViolation { peer: String },
    /// The TLS handshake failed, or TLS rejected a record.
    #[error("TLS connection to {peer} failed: {reason}")]
    Tls { peer: String, reason: String },
    /// The listening side has a different key than expected.
    #[error(
        "THE PEER AT {address} DOES NOT HAVE THE EXPECTED KEY. Someone may be intercepting the connection. Its key \
         should be {expected} ({origin}), but it is {found}"
    )]
    KeyMismatch {
        address: String,
        /// Where the expected key comes from.
        origin: KeyOrigin,
        expected: KeyFingerprint,
        found: KeyFingerprint,
    },
    /// The listening side is not known, and its key was not confirmed.
    #[error("the peer at {address} is not known; its key fingerprint is {found}")]
    UntrustedKey { address: String, found: KeyFingerprint },
    /// The listening side rejects our key.
    #[error("{address} does not allow this identity (fingerprint {own})")]
    NotAllowed { address: String, own: KeyFingerprint },
    /// The listening side did not approve our key before the deadline.
    #[error("{address} has not yet approved this identity (fingerprint {own})")]
    NotApproved { address: String, own: KeyFingerprint },
    /// The listening side is at its limit of links or pending approvals.
    #[error("{address} is at its connection limit")]
    Busy { address: String },
    /// The port to listen on is in use.
    #[error("{address} is in use by another program")]
    PortTaken { address: String },
    /// The listener could not be started.
    #[error("cannot listen on {address}")]
    Listen { address: String, source: io::Error },
    /// An allow list or the file of known peers cannot be read, written or parsed.
    #[error("cannot use the peer list {path}")]
    PeerList {
        /// The file, as shown to the user.
        path: String,
        source: io::Error,
    },
    /// The identity does not work with TLS.
    #[error("cannot create a certificate for this identity: {0}")]
    Identity(String),
    /// The system provides no more threads, timers or sockets.
    #[error("cannot create a thread, timer or socket")]
    Runtime(#[source] io::Error),
    /// The work was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Where the key that a peer is expected to have comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyOrigin {
    /// It was given as a [`PeerTrust::Pinned`](super::PeerTrust::Pinned) fingerprint.
    Pinned,
    /// It was remembered in this file when the peer was first connected to.
    KnownPeers(PathBuf),
    /// It was confirmed just now, on the first connection to the peer.
    FirstUse,
}

impl fmt::Display for KeyOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned => f.write_str("the pinned fingerprint"),
            Self::KnownPeers(path) => write!(f, "from {}", path.display()),
            Self::FirstUse => f.write_str("just confirmed"),
        }
    }
}

impl WireError {
    /// Returns whether another attempt may succeed.
    pub fn is_transient(&self) -> bool {
        use WireError::{Busy, ConnectionLost, Timeout, Tls, Unreachable};
        matches!(self, Unreachable { .. } | Timeout { .. } | ConnectionLost { .. } | Tls { .. } | Busy { .. })
    }

    /// Converts an error of reading from or writing to a TLS stream.
    pub(super) fn of_stream(peer: &str, error: io::Error) -> Self {
        let peer = peer.to_owned();
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(reason) => Self::Tls { peer, reason: reason.to_string() },
            None if error.kind() == io::ErrorKind::InvalidData => Self::ProtocolViolation { peer },
            // rustls explains a missing close_notify to programmers; users need only the kind.
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::ConnectionLost { peer, source: error.kind().into() }
            }
            None => Self::ConnectionLost { peer, source: error },
        }
    }

    /// For `map_err`: [`WireError::Runtime`] if file descriptors ran out, else what `otherwise` returns.
    pub(super) fn of_socket(otherwise: impl FnOnce(io::Error) -> Self) -> impl FnOnce(io::Error) -> Self {
        let out_of_files = |error: &io::Error| matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE));
        move |error| if out_of_files(&error) { Self::Runtime(error) } else { otherwise(error) }
    }

    /// For `map_err`: the peer list at `path` cannot be used.
    pub(super) fn peer_list(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        |source| Self::PeerList { path, source }
    }
}
