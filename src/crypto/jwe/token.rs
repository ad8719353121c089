//! Parses and writes the five parts of a token.

use serde_json::{Map, Value};

use super::header;
use crate::crypto::aead::{NONCE_BYTES, TAG_BYTES};
use crate::crypto::base64url;
use crate::crypto::rsa::MAX_BITS;

/// A parsed token.
pub(super) struct Token<'t> {
    /// The encoded header, which is the associated data of the content.
    pub(super) header: &'t [u8],
    pub(super) claims: Map<String, Value>,
    pub(super) encrypted_key: Vec<u8>,
    pub(super) nonce: [u8; NONCE_BYTES],
    /// The content, still encoded.
    pub(super) content: &'t [u8],
    pub(super) tag: [u8; TAG_BYTES],
}

impl<'t> Token<'t> {
    /// Splits a token and decodes all parts except the content. Parts that are too long are rejected before memory is
    /// allocated. The content, which is most of the token, is not searched for dots: the base64url decoder rejects
    /// them.
    pub(super) fn parse(compact: &'t [u8]) -> Option<Self> {
        let is_dot = |byte: &u8| *byte == b'.';
        let mut parts = compact.splitn(4, is_dot);
        let (header, encrypted_key, nonce) = (parts.next()?, parts.next()?, parts.next()?);
        let mut rest = parts.next()?.rsplitn(2, is_dot);
        let (tag, content) = (rest.next()?, rest.next()?);
        Some(Self {
            header,
            claims: header::read(header)?,
            encrypted_key: base64url::decode(encrypted_key, MAX_BITS / 8)?,
            nonce: base64url::decode_exactly(nonce)?,
            content,
            tag: base64url::decode_exactly(tag)?,
        })
    }
}

/// Writes a token that consists of the encoded header and four parts to be encoded. It replaces the content of `token`,
/// whose allocation is reused without clearing it.
pub(super) fn write(token: &mut Vec<u8>, header: &[u8], parts: [&[u8]; 4]) -> Option<()> {
    let rest: usize = parts.iter().map(|part| 1 + base64url::encoded_length(part.len())).sum();
    token.resize(header.len() + rest, 0);
    let (begin, mut rest) = token.split_at_mut_checked(header.len())?;
    begin.copy_from_slice(header);
    for part in parts {
        let (dot, text) = rest.split_first_mut()?;
        *dot = b'.';
        let length = base64url::encode_into(text, part)?;
        rest = text.get_mut(length..)?;
    }
    Some(())
}
