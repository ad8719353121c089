//! Identities: Ed25519 keys (RFC 8032), by which the ends of a link know each other.

use std::fmt;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

use super::error::KeyError;
use super::key_fingerprint::KeyFingerprint;
use super::pkcs8_key::Pkcs8Key;
use crate::foundation::secret::Secret;

/// An Ed25519 key pair.
///
/// ```text
/// A = [s]B,  s = clamp(first half of SHA-512(seed))     RFC 8032 §5.1.5
/// ```
pub struct IdentityKey {
    pkcs8: Pkcs8Key,
    public_key: Vec<u8>,
}

impl IdentityKey {
    /// A new one.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn generate() -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::NoRandomness)?;
        Self::of(&pair)
    }

    /// That in a PKCS#8 document (RFC 5208, or RFC 5958 with the public key) as RFC 8410 has it.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| KeyError::NotAKey)?;
        Self::of(&pair)
    }

    fn of(pair: &Ed25519KeyPair) -> Result<Self, KeyError> {
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| KeyError::NotAKey)?;
        let public_key = pair.public_key().as_der().map_err(|_| KeyError::NotAKey)?;
        Ok(Self {
            pkcs8: Pkcs8Key::new(Secret::new(pkcs8.as_ref().to_vec())),
            public_key: public_key.as_ref().to_vec(),
        })
    }

    /// The private key as PKCS#8 version 1 (RFC 5208) in DER, which every OpenSSL reads.
    pub fn pkcs8(&self) -> &Pkcs8Key {
        &self.pkcs8
    }

    /// The public key as SPKI (RFC 5280 §4.1.2.7) in DER.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// What the public key is known by.
    pub fn fingerprint(&self) -> KeyFingerprint {
        KeyFingerprint::of(&self.public_key)
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityKey({})", self.fingerprint())
    }
}
