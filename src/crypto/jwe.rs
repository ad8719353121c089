//! Tokens: JWE compact serialization (RFC 7516 §3.1) with "RSA-OAEP-256" (RFC 7518 §4.3) and "A256GCM" (§5.3).
//!
//! ```text
//! header     = base64url(JSON of alg, enc and the claims)
//! content    = A256GCM(CEK, iv, aad = header, plaintext)                 CEK and iv fresh for each token
//! token      = header . base64url(RSA-OAEP-256(key, CEK)) . base64url(iv) . base64url(content) . base64url(tag)
//! ```
//!
//! We implement this ourselves because JOSE libraries depend on OpenSSL or on a second AES implementation, and copy the
//! content more often. There is one algorithm for keys, one for content, no compression and no `crit`. A token is
//! encrypted and decrypted in place and copied once, for its base64. Every failure to decrypt is the same error; a
//! wrapped key that cannot be decrypted is replaced by a random one, so that all tokens fail at the same step.

mod content_key;
mod header;
mod token;

use rand_core::Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::aead::NONCE_BYTES;
use super::base64url;
use super::error::{DecryptError, EncryptError};
use super::rsa::{RsaPrivateKey, RsaPublicKey};
use crate::foundation::random::Randomness;
use content_key::ContentKey;
use token::Token;

/// The maximum plaintext length of a token, in bytes.
pub const MAX_PLAINTEXT: usize = 1 << 24;

/// Encrypts `plaintext` and returns the token. `claims`, a struct with named fields, become members of the protected
/// header beside "alg" and "enc": they are authenticated, not encrypted.
///
/// The plaintext is encrypted in place, so no copy remains to be wiped.
///
/// # Errors
/// [`EncryptError::TooLong`] if the plaintext exceeds [`MAX_PLAINTEXT`], [`EncryptError::Header`] if the claims cannot
/// be a header, [`EncryptError::Failed`] if the library fails.
pub fn seal<C: Serialize>(
    key: &RsaPublicKey,
    claims: &C,
    mut plaintext: Vec<u8>,
    random: &mut Randomness,
) -> Result<Vec<u8>, EncryptError> {
    let mut token = Vec::new();
    seal_into(&mut token, key, claims, &mut plaintext, random)?;
    Ok(token)
}

/// Like [`seal`], but replaces the content of `token`, whose allocation is reused, and encrypts the borrowed plaintext
/// in place.
///
/// # Errors
/// As [`seal`].
pub fn seal_into<C: Serialize>(
    token: &mut Vec<u8>,
    key: &RsaPublicKey,
    claims: &C,
    plaintext: &mut [u8],
    random: &mut Randomness,
) -> Result<(), EncryptError> {
    if plaintext.len() > MAX_PLAINTEXT {
        return Err(EncryptError::TooLong { bytes: plaintext.len() });
    }
    let header = header::write(claims)?;
    let content_key = ContentKey::generate(random);
    let encrypted_key = content_key.wrap(key)?;
    let mut nonce = [0; NONCE_BYTES];
    random.fill_bytes(&mut nonce);
    let tag = content_key.cipher().ok_or(EncryptError::Failed)?.seal(nonce, &header, plaintext)?;
    token::write(token, &header, [&encrypted_key, &nonce, plaintext, &tag]).ok_or(EncryptError::Failed)
}

/// Decrypts a token; returns the claims and the plaintext, which the caller must wipe.
///
/// # Errors
/// [`DecryptError`] for every failure.
pub fn open<C: DeserializeOwned>(key: &RsaPrivateKey, compact: &[u8]) -> Result<(C, Vec<u8>), DecryptError> {
    let mut plaintext = Vec::new();
    Ok((open_into(&mut plaintext, key, compact)?, plaintext))
}

/// Like [`open`], but replaces the content of `plaintext`, which is unspecified after a failure.
///
/// # Errors
/// As [`open`].
pub fn open_into<C: DeserializeOwned>(
    plaintext: &mut Vec<u8>,
    key: &RsaPrivateKey,
    compact: &[u8],
) -> Result<C, DecryptError> {
    let Token { header, claims, encrypted_key, nonce, content, tag } = Token::parse(compact).ok_or(DecryptError)?;
    base64url::decode_into(plaintext, content, MAX_PLAINTEXT).ok_or(DecryptError)?;
    let content_key = ContentKey::unwrap(key, &encrypted_key)?;
    content_key.cipher().ok_or(DecryptError)?.open(nonce, header, plaintext, &tag)?;
    header::claims(claims).ok_or(DecryptError)
}

#[cfg(test)]
mod tests;
