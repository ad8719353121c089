//! Why a node's part comes to nothing.

use super::error::FogError;
use crate::foundation::text::with_causes;
use crate::wire::WireError;

/// What befell a part at a node.
#[derive(Debug)]
pub(super) enum NodeFailure {
    /// The node is lost: dead, silent, or out of reach. It may come back.
    Lost(WireError),
    /// The node cannot do it.
    Failed,
    /// The node answers what it should not. It gets nothing more.
    Dishonest(&'static str),
    /// It is our own.
    Local(FogError),
}

impl From<WireError> for NodeFailure {
    fn from(error: WireError) -> Self {
        match error {
            WireError::ProtocolViolation { .. } => Self::Dishonest("it does not keep to the protocol"),
            error => Self::Lost(error),
        }
    }
}

impl From<FogError> for NodeFailure {
    fn from(error: FogError) -> Self {
        Self::Local(error)
    }
}

impl std::fmt::Display for NodeFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lost(WireError::ConnectionLost { .. }) => f.write_str("the connection broke off"),
            Self::Lost(WireError::Timeout { seconds, .. }) => write!(f, "nothing came for {seconds} seconds"),
            Self::Lost(error) => f.write_str(&with_causes(error)),
            Self::Failed => f.write_str("it cannot do this part"),
            Self::Dishonest(what) => f.write_str(what),
            Self::Local(error) => f.write_str(&with_causes(error)),
        }
    }
}
