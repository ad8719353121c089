//! What can go wrong between two of our processes.

use std::io;

use rustix::io::Errno;

use crate::crypto::KeyFingerprint;
use crate::foundation::observer::Cancelled;

/// Why there is no link, or not any more.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Nobody listens there.
    #[error("nobody is at {address}")]
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The other side does not go on.
    #[error("{peer} fell silent: nothing for {seconds} seconds")]
    Timeout {
        /// Who.
        peer: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The line was cut.
    #[error("the connection to {peer} broke off")]
    ConnectionLost {
        /// To whom.
        peer: String,
        /// How.
        source: io::Error,
    },
    /// The other side says what it should not.
    #[error("{peer} does not keep to the protocol")]
    ProtocolViolation {
        /// Who.
        peer: String,
    },
    /// TLS did not come about.
    #[error("no TLS connection with {peer}: {reason}")]
    Tls {
        /// With whom.
        peer: String,
        /// Why.
        reason: String,
    },
    /// The listening side is not the one that it should be.
    #[error(
        "THE PEER AT {address} HAS ANOTHER KEY THAN {by} SAYS. Somebody may be in between. It should have {expected}, but it \
         has {found}"
    )]
    KeyMismatch {
        /// Where.
        address: String,
        /// Who says what it should be.
        by: String,
        /// What it should be.
        expected: KeyFingerprint,
        /// What it is.
        found: KeyFingerprint,
    },
    /// Nobody confirmed that the listening side is the right one.
    #[error("the peer at {address} is not known. Its key has the fingerprint {found}")]
    UntrustedKey {
        /// Where.
        address: String,
        /// Its key.
        found: KeyFingerprint,
    },
    /// The listening side does not take us in.
    #[error("{address} does not take in this identity, whose fingerprint is {own}")]
    NotAllowed {
        /// Where.
        address: String,
        /// Our own.
        own: KeyFingerprint,
    },
    /// Somebody there was asked about us, and has not answered in time.
    #[error("nobody at {address} has said yet whether this identity, whose fingerprint is {own}, may come in")]
    NotApproved {
        /// Where.
        address: String,
        /// Our own.
        own: KeyFingerprint,
    },
    /// Too many are there already.
    #[error("{address} has no room for one more")]
    Busy {
        /// Where.
        address: String,
    },
    /// Our listener finds its port in use.
    #[error("{address} is in use by another program")]
    PortTaken {
        /// Where it should listen.
        address: String,
    },
    /// Our listener cannot begin.
    #[error("cannot listen at {address}")]
    Listen {
        /// Where it should.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// A list of peers cannot be used.
    #[error("cannot use the list of peers in {place}")]
    Peers {
        /// Which file.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// Our own identity cannot be shown.
    #[error("no certificate can be made of this identity: {0}")]
    Identity(String),
    /// The system gives no threads, timers or sockets.
    #[error("cannot begin to work")]
    Runtime(#[source] io::Error),
    /// Work was stopped.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl WireError {
    /// Whether another attempt may do better.
    pub fn may_pass(&self) -> bool {
        use WireError::{Busy, ConnectionLost, Timeout, Tls, Unreachable};
        matches!(self, Unreachable { .. } | Timeout { .. } | ConnectionLost { .. } | Tls { .. } | Busy { .. })
    }

    /// What an error of reading or writing means when `peer` is at the other end.
    pub(super) fn of_stream(peer: &str, error: io::Error) -> Self {
        let peer = peer.to_owned();
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(reason) => Self::Tls { peer, reason: reason.to_string() },
            None if error.kind() == io::ErrorKind::InvalidData => Self::ProtocolViolation { peer },
            // What rustls says of an end without a farewell is for those who program with it.
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::ConnectionLost { peer, source: error.kind().into() }
            }
            None => Self::ConnectionLost { peer, source: error },
        }
    }

    /// For `map_err`: what keeps us from a socket is the system, or what `otherwise` makes of it.
    pub(super) fn of_socket(otherwise: impl FnOnce(io::Error) -> Self) -> impl FnOnce(io::Error) -> Self {
        let is_ours = |error: &io::Error| matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE));
        move |error| if is_ours(&error) { Self::Runtime(error) } else { otherwise(error) }
    }

    /// For `map_err`: the list of peers at `place` cannot be used.
    pub(super) fn peers(place: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let place = place.display().to_string();
        |source| Self::Peers { place, source }
    }
}
