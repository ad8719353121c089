//! Links between our own processes, and services that take them in.
//!
//! A link is TLS 1.3 (RFC 8446) with X25519MLKEM768, both sides known by their Ed25519 keys, which self-signed certificates
//! carry and the other side pins. On it go frames with a length, a version and a typed head, each with a deadline.
//!
//! ```text
//! Dialer ── connects, judges the listener's key, shows its own ──▶ Listener ── greets whoever it admits ──▶ Link
//! ```

pub mod address;
pub mod admission;
pub mod arrival;
mod certificate;
pub mod dialer;
mod door;
pub mod error;
mod frame;
mod greeting;
pub mod link;
pub mod listener;
pub mod runtime;
mod socket;
mod strangers;
mod tls;
mod verifier;

#[cfg(test)]
mod tests;

pub use address::PeerAddress;
pub use admission::{Admission, Enrolment, Knock};
pub use arrival::{Arrival, Limits};
pub use dialer::{Dialer, Trust};
pub use error::WireError;
pub use link::{Link, Receiver, Sender};
pub use listener::{ListenOptions, Listener};
pub use tls::{LinkIdentity, Patience, Protocol};
