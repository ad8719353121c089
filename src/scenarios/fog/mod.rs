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
//! The client side is in `client`, `coordinator`, `schedule`, `node_session` and `message`, the node side in `node` and
//! `part_encryption`. Both share `protocol`, `part`, `flow`, `files` and `journal`.

mod client;
mod coordinator;
mod error;
mod files;
mod flow;
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

pub use client::{ClientEvent, ClientRequest, Listening, Report, client};
pub use error::FogError;
pub use message::PartReport;
pub use node::{NodeOutcome, NodeRequest, node};
pub use part::MessageId;
pub use protocol::FOG;
pub use run::{RunRequest, run};
pub use source::Source;
