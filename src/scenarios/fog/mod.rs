//! Fog: nodes that encrypt the parts of a long message under the client's RSA key, each without the others' parts.
//!
//! ```text
//! client                                                        node (one of N)
//! source ─ cuts ─ part ═══ pieces ══▶ chunks ─ JWE(RSA-OAEP, A256GCM) under the client's public key
//! message ◀─ assembly ◀─ decrypted, compared with what was sent ◀══ pieces ═══ tokens
//! ```
//!
//! A node knows its own part and the public key. No identity gets two parts of one message: a part whose node is lost waits for
//! another node, or for the same one to come back.

mod assembly;
mod buffer_pool;
mod chunk;
mod client;
mod coordinator;
mod error;
mod exchange;
mod files;
mod id;
mod journal;
mod message;
mod node;
mod node_event;
mod node_failure;
mod part_encryption;
mod parts;
mod protocol;
mod report;
mod run;
mod schedule;
mod session;
mod source;
mod window;

#[cfg(test)]
mod tests;

pub use client::{ClientRequest, Listening, client};
pub use error::FogError;
pub use id::MessageId;
pub use node::{NodeOutcome, NodeRequest, node};
pub use protocol::FOG;
pub use report::{PartReport, Report};
pub use run::{RunRequest, run};
pub use source::Source;
