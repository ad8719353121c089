//! Classical cryptography behind one wall: the only room that names `aws-lc-rs` for it.

pub mod fingerprint;
pub mod passphrase;

pub use fingerprint::Fingerprint;
pub use passphrase::{Passphrase, Sealed};
