//! Links between our own processes, and services that take them in.
//!
//! A link is TLS 1.3 (RFC 8446) with X25519MLKEM768, both sides known by their Ed25519 keys, which self-signed certificates
//! carry and the other side pins. On it go frames with a length, a version and a typed head, each with a deadline.
//!
//! ```text
//! Dialer ── connects, judges the listener's key, shows its own ──▶ Listener ── greets whoever it admits ──▶ Link
//! ```

mod acceptor;
pub mod address;
mod admission_reply;
mod certificate;
pub mod dialer;
pub mod error;
pub mod event;
mod frame;
mod handshakes;
pub mod link;
pub mod listener;
pub mod peer_policy;
pub mod runtime;
mod socket;
mod tls;
mod verifier;

#[cfg(test)]
mod tests;

pub use address::PeerAddress;
pub use dialer::{Dialer, PeerTrust};
pub use error::WireError;
pub use event::{ListenerEvent, ListenerLimits};
pub use link::{Link, Receiver, Sender};
pub use listener::{ListenOptions, Listener};
pub use peer_policy::{AllowList, ApprovalRequest, PeerPolicy};
pub use tls::{LinkIdentity, Protocol, Timeouts};
