//! Errors of the fog scenario, and the reasons why a node loses its part.

use std::fmt;
use std::io;

use crate::crypto::{EncryptError, KeyError, KeyFingerprint};
use crate::foundation::observer::Cancelled;
use crate::foundation::random::RandomnessError;
use crate::foundation::rlimit::TooFewFiles;
use crate::foundation::text::with_causes;
use crate::wire::WireError;

/// Why a client or a node failed. `client` fields are the client's address, `seconds` fields a time that has passed.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are described above and by the messages")]
pub enum FogError {
    /// The peer cannot be reached, or the link to it failed.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The system provides no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// A key cannot be generated.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A chunk cannot be encrypted under the client's key.
    #[error("cannot encrypt a part")]
    Encrypt(#[source] EncryptError),
    /// A file or directory cannot be used.
    #[error("cannot use {path}")]
    File { path: String, source: io::Error },
    /// The limit of open files is too low for the number of nodes.
    #[error(transparent)]
    OpenFiles(#[from] TooFewFiles),
    /// Too few nodes connected before the timeout.
    #[error("only {connected} of {needed} nodes connected within {seconds} seconds")]
    TooFewNodes { connected: usize, needed: usize, seconds: u64 },
    /// A part has had no node for the whole timeout.
    #[error("no node was available for part {part} of {parts} within {seconds} seconds")]
    NoNode { part: u32, parts: u32, seconds: u64 },
    /// The file with the message was modified after the client started.
    #[error("{name} has changed since the client started")]
    Changed { name: String },
    /// This node's identity, `own`, already has a connection to the client.
    #[error("{client} already has a node with this identity, {own}")]
    Duplicate { client: String, own: KeyFingerprint },
    /// The client's public key cannot be used to encrypt a part.
    #[error("{client} sent an unusable key: {reason}")]
    BadKey { client: String, reason: String },
    /// The client assigns no more parts of its message to this node.
    #[error("{client} no longer accepts this node for its message")]
    Rejected { client: String },
}

impl From<Cancelled> for FogError {
    fn from(cancelled: Cancelled) -> Self {
        Self::Wire(cancelled.into())
    }
}

impl FogError {
    /// For `map_err`: an I/O error of the file or directory `path`.
    pub(super) fn file<P: fmt::Display>(path: P) -> impl FnOnce(io::Error) -> Self + use<P> {
        let path = path.to_string();
        |source| Self::File { path, source }
    }

    /// Returns whether another attempt may succeed.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Wire(error) => error.is_transient() || matches!(error, WireError::ProtocolViolation { .. }),
            Self::Duplicate { .. } => true,
            _ => false,
        }
    }
}

/// Why a node lost its part or its connection, from the client's point of view.
#[derive(Debug)]
pub(super) enum NodeFailure {
    /// The connection broke or timed out. The node may come back.
    Lost(WireError),
    /// The node has reported that it cannot process the part. It may come back.
    Failed,
    /// The node violated the protocol or returned wrong data. It gets no other part.
    Misbehaved(&'static str),
    /// The client itself failed.
    Local(FogError),
}

impl From<WireError> for NodeFailure {
    fn from(error: WireError) -> Self {
        match error {
            WireError::ProtocolViolation { .. } => Self::Misbehaved("protocol violation"),
            error => Self::Lost(error),
        }
    }
}

impl From<FogError> for NodeFailure {
    fn from(error: FogError) -> Self {
        Self::Local(error)
    }
}

impl fmt::Display for NodeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(WireError::ConnectionLost { .. }) => f.write_str("connection lost"),
            Self::Lost(WireError::Timeout { seconds, .. }) => write!(f, "no data for {seconds} seconds"),
            Self::Lost(error) => f.write_str(&with_causes(error)),
            Self::Failed => f.write_str("it cannot process this part"),
            Self::Misbehaved(reason) => f.write_str(reason),
            Self::Local(error) => f.write_str(&with_causes(error)),
        }
    }
}
