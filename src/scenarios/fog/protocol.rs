//! What client and node say to each other.
//!
//! ```text
//! client → node   Wait                      each second, while there is nothing to do
//! node → client   Here
//!
//! client → node   Part { … }, body: SPKI    then Piece* with the part's bytes
//! node → client   Sealed*                   the tokens, in pieces; then Finished
//! client → node   Accepted | Rejected
//!
//! client → node   Rest | Twin               nothing (more) to do; the link ends
//! node → client   Unable                    the node cannot do this part; the link ends
//! ```
//! Both directions flow at once, the client at most five chunks ahead, which a node has room for. Every piece but a chunk's or
//! token's last is full, so that each frame's deadline is a bound on how slow a peer may be.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::id::MessageId;
use crate::wire::Protocol;

/// Client and node, in this version.
pub const FOG: Protocol = Protocol("hestat-fog/1");

/// Bytes of a full piece.
pub(super) const PIECE: usize = 128 << 10;

/// How often an idle node is asked whether it is there.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(1);

/// What a client says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum FromClient {
    /// There is nothing to do yet.
    Ping,
    /// A part follows, in pieces; the body is the public key (SPKI, DER).
    Part(PartHead),
    /// Some bytes of it.
    Data,
    /// What came back is right.
    Accepted,
    /// What came back is not.
    Rejected,
    /// There is nothing to do any more.
    Done,
    /// Another connection of the same identity is here already.
    Duplicate,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PartHead {
    /// Of which message.
    pub(super) message: MessageId,
    /// Its number, from 1.
    pub(super) part: u32,
    /// Of how many.
    pub(super) parts: u32,
    /// Its length in bytes.
    pub(super) length: u64,
    /// The length of each of its chunks but the last, in bytes.
    pub(super) chunk: u32,
}

/// What a node says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum FromNode {
    /// I am.
    Pong,
    /// Some bytes of a token.
    Token {
        /// Whether they are its last ones.
        last: bool,
    },
    /// All tokens of the part have been sent.
    Finished,
    /// Not with this key, or not on this disk.
    Failed,
}
