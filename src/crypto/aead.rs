//! Authenticated encryption with associated data (RFC 5116), in place and with the tag apart.
//!
//! ```text
//! ciphertext, tag = Seal(key, nonce, associated, plaintext)
//! plaintext       = Open(key, nonce, associated, ciphertext, tag), or nothing
//! ```

use aws_lc_rs::aead::{AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

use super::error::{DecryptError, EncryptError};

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// Bytes of a nonce, which no key may meet twice.
pub const NONCE_BYTES: usize = 12;
/// Bytes of a tag.
pub const TAG_BYTES: usize = 16;

/// A key with its cipher; wiped when dropped.
pub struct Aead(LessSafeKey);

impl Aead {
    /// AES-256-GCM with 96-bit nonces and full tags (NIST SP 800-38D; AEAD_AES_256_GCM of RFC 5116 §5.2).
    pub fn aes_256_gcm(key: &[u8; KEY_BYTES]) -> Option<Self> {
        Self::new(&AES_256_GCM, key)
    }

    /// ChaCha20-Poly1305 (RFC 8439 §2.8).
    pub fn chacha20_poly1305(key: &[u8; KEY_BYTES]) -> Option<Self> {
        Self::new(&CHACHA20_POLY1305, key)
    }

    /// Nothing only where there is no memory for a key.
    fn new(cipher: &'static Algorithm, key: &[u8; KEY_BYTES]) -> Option<Self> {
        UnboundKey::new(cipher, key).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// Encrypts `text` in place; the tag that it opens with.
    ///
    /// # Errors
    /// [`EncryptError::Failed`] if it is longer than the cipher allows (64 GiB and more).
    pub fn seal(
        &self,
        nonce: [u8; NONCE_BYTES],
        associated: &[u8],
        text: &mut [u8],
    ) -> Result<[u8; TAG_BYTES], EncryptError> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(associated), text);
        tag.ok().and_then(|tag| tag.as_ref().try_into().ok()).ok_or(EncryptError::Failed)
    }

    /// Decrypts `text` in place. What it holds after a failure is of no use.
    ///
    /// # Errors
    /// [`DecryptError`], whatever the reason.
    pub fn open(
        &self,
        nonce: [u8; NONCE_BYTES],
        associated: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_BYTES],
    ) -> Result<(), DecryptError> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = self.0.open_in_place_separate_tag(nonce, Aad::from(associated), tag, text);
        opened.map(drop).map_err(|_| DecryptError)
    }
}
