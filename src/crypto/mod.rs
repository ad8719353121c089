//! Classical cryptography, by `aws-lc-rs`.
//!
//! Every failed decryption gives the same opaque error, [`DecryptError`]. [`labels`] lists what each key authenticates
//! besides the plaintext.

pub mod aead;
mod base64url;
pub mod certificate_fingerprint;
pub mod error;
pub mod identity;
pub mod jwe;
pub mod key_fingerprint;
pub mod labels;
pub mod passphrase;
mod pbes2;
pub mod pem;
mod pkcs8_key;
pub mod rsa;
mod sha256;
#[cfg(test)]
mod tests;

pub use certificate_fingerprint::CertificateFingerprint;
pub use error::{DecryptError, EncryptError, KeyError, PemError};
pub use identity::IdentityKey;
pub use key_fingerprint::KeyFingerprint;
pub use passphrase::{KdfParams, Passphrase};
pub use pkcs8_key::Pkcs8Key;
pub use rsa::{RsaBits, RsaPrivateKey, RsaPublicKey};
