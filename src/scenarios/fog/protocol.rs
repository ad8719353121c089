//! Messages between client and node.
//!
//! ```text
//! client → node   Ping                      every second while there is nothing to do
//! node → client   Pong
//!
//! client → node   Part { … }, body: SPKI    then Data* with the part's bytes
//! node → client   Token*                    the tokens' bytes; then Finished
//! client → node   Accepted | Rejected
//!
//! client → node   Done | Duplicate          nothing (more) to do; the link ends
//! node → client   Failed                    the node cannot process this part; the link ends
//! ```
//! Data and tokens flow at the same time; the client stays at most four chunks ahead of the tokens (`flow_control`).
//! Every frame is full except the last one of a chunk or token, so each frame's deadline also sets a minimum transfer
//! rate.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::part::PartHead;
use crate::wire::Protocol;

/// The protocol between client and node, with its version.
pub const FOG: Protocol = Protocol("hestat-fog/1");

/// Bytes of data in a full frame.
pub(super) const FRAME_BYTES: usize = 128 << 10;

/// The interval between pings to an idle node.
pub(super) const PING_INTERVAL: Duration = Duration::from_secs(1);

/// A message from the client. Variants are encoded by their position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum FromClient {
    /// There is nothing to do yet.
    Ping,
    /// The part's bytes follow in `Data` frames. The body is the public key (SPKI, DER).
    Part(PartHead),
    /// Bytes of the part, in the body.
    Data,
    /// The part came back intact.
    Accepted,
    /// The node returned wrong data or lost its part too often. It gets no other part of this message.
    Rejected,
    /// There is nothing left to do.
    Done,
    /// This identity already has a connection.
    Duplicate,
}

/// A message from a node. Variants are encoded by their position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum FromNode {
    /// The answer to a ping.
    Pong,
    /// Bytes of a token, in the body.
    Token {
        /// Whether this frame ends the token.
        last: bool,
    },
    /// All tokens of the part have been sent.
    Finished,
    /// The node cannot process the part, for example because its disk is full or the key is unusable.
    Failed,
}
