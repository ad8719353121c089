//! Encrypted, mutually authenticated links between hestat processes.
//!
//! A link is TLS 1.3 (RFC 8446) with X25519MLKEM768. Both sides present self-signed certificates over their Ed25519
//! identity keys, and peers are authenticated by these keys alone. On top of TLS go frames with a length, a version and
//! a typed head; every frame has a deadline.
//!
//! ```text
//! Dialer ── connects, checks the listener's key, presents its own ──▶ Listener ── admits the peer or not ──▶ Link
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
pub use error::{KeyOrigin, WireError};
pub use event::{ListenerEvent, ListenerLimits};
pub use link::{Link, Receiver, Sender};
pub use listener::{ListenOptions, Listener};
pub use peer_policy::{AllowList, ApprovalRequest, PeerPolicy};
pub use tls::{LinkIdentity, Protocol, Timeouts};
