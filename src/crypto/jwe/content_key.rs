//! The content encryption key of one token.

use rand_core::Rng;

use crate::crypto::aead::{Aead, KEY_BYTES};
use crate::crypto::error::{DecryptError, EncryptError};
use crate::crypto::rsa::{RsaPrivateKey, RsaPublicKey};
use crate::foundation::random::{self, Randomness};
use crate::foundation::secret::Secret;

/// A key for AES-256-GCM that is used for one token only.
pub(super) struct ContentKey(Secret<[u8; KEY_BYTES]>);

impl ContentKey {
    /// Generates a fresh key.
    pub(super) fn generate(random: &mut Randomness) -> Self {
        let mut key = Secret::new([0; KEY_BYTES]);
        random.fill_bytes(key.expose_mut());
        Self(key)
    }

    /// Returns RSA-OAEP-256(key, CEK).
    pub(super) fn wrap(&self, key: &RsaPublicKey) -> Result<Vec<u8>, EncryptError> {
        key.encrypt(self.0.expose())
    }

    /// Decrypts a key of [`ContentKey::wrap`]. Returns a random key instead of an invalid one, so that the failure
    /// appears only when the content is decrypted (RFC 7516 §11.5).
    pub(super) fn unwrap(key: &RsaPrivateKey, wrapped: &[u8]) -> Result<Self, DecryptError> {
        let mut content_key = Self::generate(&mut random::from_system().map_err(|_| DecryptError)?);
        if let Ok(unwrapped) = key.decrypt(wrapped)
            && let Ok(unwrapped) = <&[u8; KEY_BYTES]>::try_from(unwrapped.expose().as_slice())
        {
            content_key.0.expose_mut().copy_from_slice(unwrapped);
        }
        Ok(content_key)
    }

    /// Returns A256GCM with this key.
    pub(super) fn cipher(&self) -> Option<Aead> {
        Aead::aes_256_gcm(self.0.expose())
    }
}
