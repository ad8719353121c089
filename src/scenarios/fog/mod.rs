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
mod chunk;
mod client;
mod coordinator;
mod error;
mod fault;
mod files;
mod give;
mod id;
mod journal;
mod lead;
mod message;
mod news;
mod node;
mod parts;
mod protocol;
mod returned;
mod roster;
mod run;
mod session;
mod source;
mod spares;
mod work;

#[cfg(test)]
mod tests;

pub use client::{ClientRequest, Listening, client};
pub use error::FogError;
pub use id::MessageId;
pub use node::{NodeOutcome, NodeRequest, node};
pub use protocol::FOG;
pub use returned::{Returned, ReturnedPart};
pub use run::{RunRequest, run};
pub use source::Source;
