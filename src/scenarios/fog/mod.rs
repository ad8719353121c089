//! Fog: a client has the parts of a message encrypted by nodes that do not see each other's parts.
//!
//! ```text
//! client                                                      node (one of N)
//! source ─ split ─ part ═══ data ════▶ chunks ─ JWE(RSA-OAEP, A256GCM) under the client's public key
//! message ◀─ decrypted, compared with what was sent ◀═══ data ═══ tokens
//! ```
//!
//! A node sees its own part and the public key. No identity gets two parts of one message: a part whose node is lost
//! waits for an unused node or for the same one to reconnect.
//!
//! ```text
//! client ─ coordinator ─ { schedule, node_session ─ message ─ source }     the client's side; a session per node
//! node ─ part_encryption                                                   the node's side
//! run                                                                      both in one process
//! protocol, part, flow_control, files, journal, error                      shared by both sides
//! ```

mod client;
mod coordinator;
mod error;
mod files;
mod flow_control;
mod journal;
mod message;
mod node;
mod node_session;
mod part;
mod part_encryption;
mod protocol;
mod run;
mod schedule;
mod source;

#[cfg(test)]
mod tests;

pub use client::{ClientEvent, ClientRequest, Listening, MessageReport, client};
pub use error::FogError;
pub use message::PartReport;
pub use node::{NodeOutcome, NodeRequest, node};
pub use part::MessageId;
pub use protocol::FOG;
pub use run::{InProcessRequest, run_in_process};
pub use source::Source;
