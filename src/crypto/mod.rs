//! Classical cryptography behind one wall: the only room that names `aws-lc-rs` for it.
//!
//! Whatever does not open gives one error, [`CannotOpen`]; whatever tells one use of a key from another is in [`labels`].

pub mod aead;
mod base64url;
pub mod error;
pub mod fingerprint;
pub mod identity;
pub mod jwe;
pub mod key_fingerprint;
pub mod labels;
pub mod passphrase;
mod pbes2;
pub mod pem;
mod private_document;
pub mod rsa;
mod sha256;
#[cfg(test)]
mod tests;

pub use error::{CannotOpen, CannotSeal, KeyError, PemError};
pub use fingerprint::Fingerprint;
pub use identity::IdentityKey;
pub use key_fingerprint::KeyFingerprint;
pub use passphrase::{Passphrase, Sealed};
pub use private_document::PrivateDocument;
pub use rsa::{RsaBits, RsaPrivateKey, RsaPublicKey};
