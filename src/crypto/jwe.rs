//! Tokens: JWE compact serialization (RFC 7516 §3.1), with "RSA-OAEP-256" (RFC 7518 §4.3) and "A256GCM" (§5.3).
//!
//! ```text
//! header     = base64url(JSON of alg, enc and the claims)
//! content    = A256GCM(CEK, iv, associated = header, plaintext)          CEK and iv fresh for each token
//! token      = header . base64url(RSA-OAEP-256(key, CEK)) . base64url(iv) . base64url(content) . base64url(tag)
//! ```

mod content_key;
mod header;
mod token;

use rand_core::Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::aead::NONCE_BYTES;
use super::error::{CannotOpen, CannotSeal};
use super::rsa::{RsaPrivateKey, RsaPublicKey};
use crate::foundation::random::Randomness;
use content_key::ContentKey;
use token::Token;

/// The longest plaintext of a token, in bytes.
pub const LONGEST_PLAINTEXT: usize = 1 << 24;

/// Encrypts; `claims`, a record with named fields, stand in the protected header beside "alg" and "enc", for all to see.
///
/// The plaintext is encrypted where it lies, so nothing of it is left to wipe.
///
/// # Errors
/// [`CannotSeal`].
pub fn seal<C: Serialize>(
    key: &RsaPublicKey,
    claims: &C,
    mut plaintext: Vec<u8>,
    random: &mut Randomness,
) -> Result<Vec<u8>, CannotSeal> {
    if plaintext.len() > LONGEST_PLAINTEXT {
        return Err(CannotSeal::TooLong { bytes: plaintext.len() });
    }
    let header = header::write(claims)?;
    let content_key = ContentKey::draw(random);
    let encrypted_key = content_key.wrap(key)?;
    let mut nonce = [0; NONCE_BYTES];
    random.fill_bytes(&mut nonce);
    let tag = content_key.cipher().ok_or(CannotSeal::Failed)?.seal(nonce, &header, &mut plaintext)?;
    token::write(header, [&encrypted_key, &nonce, &plaintext, &tag]).ok_or(CannotSeal::Failed)
}

/// Decrypts; the claims and the plaintext, which is the caller's to wipe.
///
/// # Errors
/// [`CannotOpen`], whatever the reason.
pub fn open<C: DeserializeOwned>(key: &RsaPrivateKey, compact: &[u8]) -> Result<(C, Vec<u8>), CannotOpen> {
    let Token { header, claims, encrypted_key, nonce, content, tag } = Token::parse(compact).ok_or(CannotOpen)?;
    let mut plaintext = content;
    let content_key = ContentKey::unwrap(key, &encrypted_key)?;
    content_key.cipher().ok_or(CannotOpen)?.open(nonce, header, &mut plaintext, &tag)?;
    Ok((header::claims(claims).ok_or(CannotOpen)?, plaintext))
}

#[cfg(test)]
mod tests;
