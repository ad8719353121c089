//! What a listener reports to its owner, and the limits it enforces.

use super::error::WireError;
use super::link::Link;
use super::tls::Timeouts;
use crate::crypto::KeyFingerprint;

/// Limits of a listener. A pending handshake takes about 100 KiB; a link takes that and up to two frames.
#[derive(Debug, Clone, Copy)]
pub struct ListenerLimits {
    /// Handshakes in progress. At the limit the oldest is aborted.
    pub handshakes: usize,
    /// Open links. At the limit further peers are rejected as [`WireError::Busy`].
    pub links: usize,
    /// Timeouts of handshakes and links.
    pub timeouts: Timeouts,
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self { handshakes: 256, links: 256, timeouts: Timeouts::default() }
    }
}

/// What happened at a listener.
pub enum ListenerEvent {
    /// A peer was admitted.
    Link(Box<Link>),
    /// A peer was rejected because its key is not allowed.
    Refused {
        /// Address of the peer.
        peer: String,
        /// The key it proved to have.
        fingerprint: KeyFingerprint,
    },
    /// The allow list could not be read when a peer was looked up.
    AllowListError(WireError),
}
