//! Authenticated encryption with associated data (RFC 5116), in place and with a detached tag.
//!
//! ```text
//! ciphertext, tag = Seal(key, nonce, aad, plaintext)
//! plaintext       = Open(key, nonce, aad, ciphertext, tag), or an error
//! ```

use aws_lc_rs::aead::{AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

use super::error::{DecryptError, EncryptError};

/// The key length in bytes.
pub const KEY_BYTES: usize = 32;
/// The nonce length in bytes. A nonce must not be used twice with the same key.
pub const NONCE_BYTES: usize = 12;
/// The tag length in bytes.
pub const TAG_BYTES: usize = 16;

/// A cipher with a key; wiped when dropped.
pub struct Aead(LessSafeKey);

impl Aead {
    /// Creates AES-256-GCM with 96-bit nonces and full tags (NIST SP 800-38D; AEAD_AES_256_GCM of RFC 5116 §5.2).
    pub fn aes_256_gcm(key: &[u8; KEY_BYTES]) -> Option<Self> {
        Self::new(&AES_256_GCM, key)
    }

    /// Creates ChaCha20-Poly1305 (RFC 8439 §2.8).
    pub fn chacha20_poly1305(key: &[u8; KEY_BYTES]) -> Option<Self> {
        Self::new(&CHACHA20_POLY1305, key)
    }

    /// Returns `None` only if memory for the key cannot be allocated.
    fn new(cipher: &'static Algorithm, key: &[u8; KEY_BYTES]) -> Option<Self> {
        UnboundKey::new(cipher, key).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// Encrypts `text` in place; returns the tag.
    ///
    /// # Errors
    /// [`EncryptError::Failed`] if the text is longer than the cipher allows (64 GiB and more).
    pub fn seal(&self, nonce: [u8; NONCE_BYTES], aad: &[u8], text: &mut [u8]) -> Result<[u8; TAG_BYTES], EncryptError> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(aad), text);
        tag.ok().and_then(|tag| tag.as_ref().try_into().ok()).ok_or(EncryptError::Failed)
    }

    /// Decrypts `text` in place. Its content is unspecified after a failure.
    ///
    /// # Errors
    /// [`DecryptError`] if the key, nonce, associated data, text or tag is wrong.
    pub fn open(
        &self,
        nonce: [u8; NONCE_BYTES],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_BYTES],
    ) -> Result<(), DecryptError> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = self.0.open_in_place_separate_tag(nonce, Aad::from(aad), tag, text);
        opened.map(drop).map_err(|_| DecryptError)
    }
}
