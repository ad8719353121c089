//! Identity keys: Ed25519 key pairs (RFC 8032) by which the two peers of a link authenticate each other.

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
    /// Generates a new key.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`] if the generation fails.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::NoRandomness)?;
        Self::from_pair(&pair)
    }

    /// Parses a PKCS#8 document (RFC 5208, or RFC 5958 with the public key) with the algorithm of RFC 8410, in DER.
    ///
    /// # Errors
    /// [`KeyError::WrongType`] if it holds no Ed25519 private key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| KeyError::WrongType)?;
        Self::from_pair(&pair)
    }

    fn from_pair(pair: &Ed25519KeyPair) -> Result<Self, KeyError> {
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| KeyError::WrongType)?;
        let public_key = pair.public_key().as_der().map_err(|_| KeyError::WrongType)?;
        Ok(Self {
            pkcs8: Pkcs8Key::new(Secret::new(pkcs8.as_ref().to_vec())),
            public_key: public_key.as_ref().to_vec(),
        })
    }

    /// Returns the private key as PKCS#8 version 1 (RFC 5208) in DER, which every version of OpenSSL reads.
    pub fn pkcs8(&self) -> &Pkcs8Key {
        &self.pkcs8
    }

    /// Returns the public key as SPKI (RFC 5280 §4.1.2.7) in DER.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// Returns the fingerprint of the public key.
    pub fn fingerprint(&self) -> KeyFingerprint {
        KeyFingerprint::of(&self.public_key)
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityKey({})", self.fingerprint())
    }
}
