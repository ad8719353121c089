//! Who comes to a listener, and how many may.

use super::error::WireError;
use super::link::Link;
use super::tls::Timeouts;
use crate::crypto::KeyFingerprint;

/// Bounds of a listener. A stranger costs about 100 KiB, a link that and up to two frames.
#[derive(Debug, Clone, Copy)]
pub struct ListenerLimits {
    /// Handshakes at once; who comes on top takes the place of the oldest.
    pub handshakes: usize,
    /// Links at once; who comes on top is told that there is no room.
    pub links: usize,
    /// How long is waited for what.
    pub patience: Timeouts,
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self { handshakes: 256, links: 256, patience: Timeouts::default() }
    }
}

/// Who came.
pub enum ListenerEvent {
    /// Somebody who was admitted.
    Link(Box<Link>),
    /// Somebody who was not.
    Refused {
        /// From where.
        peer: String,
        /// With which key.
        fingerprint: KeyFingerprint,
    },
    /// Somebody who may be enrolled in a list that cannot be used any more, for this reason.
    AllowListError(WireError),
}
