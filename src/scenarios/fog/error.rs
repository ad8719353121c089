//! What can go wrong when a message goes through the fog.

use std::io;

use crate::crypto::{EncryptError, KeyError, KeyFingerprint};
use crate::foundation::observer::Cancelled;
use crate::foundation::random::RandomnessError;
use crate::foundation::rlimit::TooFewFiles;
use crate::keystore::KeyStoreError;
use crate::wire::WireError;

/// Why a message did not come back, or a node did not do its part.
#[derive(Debug, thiserror::Error)]
pub enum FogError {
    /// The other side cannot be reached, or is lost.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A key cannot be used.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// No new key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A chunk cannot be encrypted.
    #[error("a part cannot be encrypted")]
    Seal(#[source] EncryptError),
    /// A file or directory cannot be used.
    #[error("cannot use {place}")]
    File {
        /// Which.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// There cannot be so many nodes here.
    #[error(transparent)]
    OpenFiles(#[from] TooFewFiles),
    /// Too few nodes came.
    #[error("{here} of {needed} nodes are here after {seconds} seconds")]
    TooFewNodes {
        /// How many came.
        here: usize,
        /// How many are needed.
        needed: usize,
        /// How long they were waited for.
        seconds: u64,
    },
    /// A node was lost, and nobody took over.
    #[error("part {part} of {parts} has no node, and none came for {seconds} seconds")]
    NoNode {
        /// The part.
        part: u32,
        /// Of how many.
        parts: u32,
        /// How long one was waited for.
        seconds: u64,
    },
    /// The message is not what it was in the beginning.
    #[error("{name} has changed while its parts were under way")]
    Changed {
        /// Which file.
        name: String,
    },
    /// This identity has a connection already.
    #[error("a node with this identity, {own}, is with {client} already")]
    Duplicate {
        /// The client.
        client: String,
        /// Our own fingerprint.
        own: KeyFingerprint,
    },
    /// The client's key is none that a part can be encrypted with.
    #[error("{client} sends a key that cannot be used: {reason}")]
    BadKey {
        /// The client.
        client: String,
        /// Why not.
        reason: String,
    },
    /// The client wants nothing of us.
    #[error("{client} takes no part of this message from this node any more")]
    Rejected {
        /// The client.
        client: String,
    },
}

impl From<Cancelled> for FogError {
    fn from(stopped: Cancelled) -> Self {
        Self::Wire(stopped.into())
    }
}

impl FogError {
    /// For `map_err`: an error of the system at `place`.
    pub(super) fn file<P: std::fmt::Display>(place: P) -> impl FnOnce(io::Error) -> Self + use<P> {
        let place = place.to_string();
        |source| Self::File { place, source }
    }

    /// Whether the next attempt may do better.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Wire(error) => error.is_transient() || matches!(error, WireError::ProtocolViolation { .. }),
            Self::Duplicate { .. } => true,
            _ => false,
        }
    }
}
