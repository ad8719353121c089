//! RSA private keys.

use std::fmt;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};

use super::{RsaBits, RsaPublicKey, modulus};
use crate::crypto::error::{DecryptError, KeyError};
use crate::crypto::labels;
use crate::crypto::pkcs8_key::Pkcs8Key;
use crate::foundation::secret::Secret;

/// A private key to decrypt with.
pub struct RsaPrivateKey {
    key: OaepPrivateDecryptingKey,
    pkcs8: Pkcs8Key,
    public_key: RsaPublicKey,
}

impl RsaPrivateKey {
    /// Generates a new key.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`] if the generation fails.
    pub fn generate(size: RsaBits) -> Result<Self, KeyError> {
        let key = PrivateDecryptingKey::generate(size.key_size()).map_err(|_| KeyError::NoRandomness)?;
        Self::from_key(key)
    }

    /// Parses a PKCS#8 document (RFC 5208) in DER.
    ///
    /// # Errors
    /// [`KeyError::TooSmall`], [`KeyError::TooLarge`], or [`KeyError::WrongType`] if it holds no RSA private key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        modulus::of_private(der).and_then(modulus::check)?;
        Self::from_key(PrivateDecryptingKey::from_pkcs8(der).map_err(|_| KeyError::WrongType)?)
    }

    fn from_key(key: PrivateDecryptingKey) -> Result<Self, KeyError> {
        let pkcs8 = key.as_der().map_err(|_| KeyError::WrongType)?;
        let pkcs8 = Pkcs8Key::new(Secret::new(pkcs8.as_ref().to_vec()));
        let public_key = RsaPublicKey::from_key(key.public_key())?;
        let key = OaepPrivateDecryptingKey::new(key).map_err(|_| KeyError::WrongType)?;
        Ok(Self { key, pkcs8, public_key })
    }

    /// Returns the key as PKCS#8 version 1 (RFC 5208) in DER.
    pub fn pkcs8(&self) -> &Pkcs8Key {
        &self.pkcs8
    }

    /// Returns the public key.
    pub fn public_key(&self) -> &RsaPublicKey {
        &self.public_key
    }

    /// Returns the length of the modulus in bits.
    pub fn bits(&self) -> usize {
        self.public_key.bits()
    }

    /// Decrypts a ciphertext of [`RsaPublicKey::encrypt`].
    ///
    /// ```text
    /// m = OAEP⁻¹(c^d mod n; L = "", SHA-256, MGF1-SHA-256)        RFC 8017 §7.1.2
    /// ```
    ///
    /// # Errors
    /// [`DecryptError`] for every failure: the reason would be a decryption oracle (Manger 2001).
    pub fn decrypt(&self, ciphertext: &[u8]) -> Result<Secret<Vec<u8>>, DecryptError> {
        let mut message = Secret::new(vec![0; self.key.min_output_size()]);
        let decrypted = self.key.decrypt(&OAEP_SHA256_MGF1SHA256, ciphertext, message.expose_mut(), labels::OAEP);
        let length = decrypted.map_err(|_| DecryptError)?.len();
        message.expose_mut().truncate(length);
        Ok(message)
    }
}

impl fmt::Debug for RsaPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPrivateKey({}, {} bits)", self.public_key.fingerprint(), self.bits())
    }
}
