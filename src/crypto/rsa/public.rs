//! RSA public keys.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};

use super::modulus;
use crate::crypto::error::{EncryptError, KeyError};
use crate::crypto::key_fingerprint::KeyFingerprint;
use crate::crypto::{labels, pem};

/// A public key to encrypt with.
#[derive(Clone)]
pub struct RsaPublicKey(Arc<Parts>);

struct Parts {
    key: OaepPublicEncryptingKey,
    spki: Vec<u8>,
    pem: String,
}

impl RsaPublicKey {
    /// Parses an SPKI document (RFC 5280 §4.1.2.7) in DER.
    ///
    /// # Errors
    /// [`KeyError::TooSmall`], [`KeyError::TooLarge`], or [`KeyError::WrongType`] if it holds no RSA public key.
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        modulus::of_public(der).and_then(modulus::check)?;
        Self::from_key(PublicEncryptingKey::from_der(der).map_err(|_| KeyError::WrongType)?)
    }

    pub(super) fn from_key(key: PublicEncryptingKey) -> Result<Self, KeyError> {
        let spki = key.as_der().map_err(|_| KeyError::WrongType)?.as_ref().to_vec();
        let pem = pem::write_public(&spki)?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| KeyError::WrongType)?;
        Ok(Self(Arc::new(Parts { key, spki, pem })))
    }

    /// Returns the key as SPKI in DER.
    pub fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    /// Returns the key as SPKI in PEM, "PUBLIC KEY" (RFC 7468 §13).
    pub fn pem(&self) -> String {
        self.0.pem.clone()
    }

    /// Returns the length of the modulus in bits.
    pub fn bits(&self) -> usize {
        self.0.key.key_size_bits()
    }

    /// Returns the fingerprint of the key.
    pub fn fingerprint(&self) -> KeyFingerprint {
        KeyFingerprint::of(&self.0.spki)
    }

    /// Encrypts a short message, such as a symmetric key.
    ///
    /// ```text
    /// c = OAEP(m; L = "", SHA-256, MGF1-SHA-256, fresh seed)^e mod n        RFC 8017 §7.1.1
    /// ```
    ///
    /// # Errors
    /// [`EncryptError::TooLong`] if the message does not fit in a block, [`EncryptError::Failed`] if the library fails.
    pub fn encrypt(&self, message: &[u8]) -> Result<Vec<u8>, EncryptError> {
        if message.len() > self.0.key.max_plaintext_size(&OAEP_SHA256_MGF1SHA256) {
            return Err(EncryptError::TooLong { bytes: message.len() });
        }
        let mut ciphertext = vec![0; self.0.key.ciphertext_size()];
        let encrypted = self.0.key.encrypt(&OAEP_SHA256_MGF1SHA256, message, &mut ciphertext, labels::OAEP);
        let length = encrypted.map_err(|_| EncryptError::Failed)?.len();
        ciphertext.truncate(length);
        Ok(ciphertext)
    }
}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPublicKey({}, {} bits)", self.fingerprint(), self.bits())
    }
}
