//! Classical cryptography behind one wall: the only room that names `aws-lc-rs` for it.

pub mod passphrase;

pub use passphrase::{Passphrase, Sealed};
