//! The five parts of a token.

use serde_json::{Map, Value};

use super::{LONGEST_PLAINTEXT, header};
use crate::crypto::aead::{NONCE_BYTES, TAG_BYTES};
use crate::crypto::base64url;
use crate::crypto::rsa::LONGEST;

/// A token, taken apart.
pub(super) struct Token<'t> {
    /// As it stands in the token: what the content is bound to.
    pub(super) header: &'t [u8],
    pub(super) claims: Map<String, Value>,
    pub(super) encrypted_key: Vec<u8>,
    pub(super) nonce: [u8; NONCE_BYTES],
    pub(super) content: Vec<u8>,
    pub(super) tag: [u8; TAG_BYTES],
}

impl<'t> Token<'t> {
    /// Each part is decoded once, and no memory is taken for one that is too long. The content, which is nearly all of it,
    /// is not searched for dots: none passes for base64url.
    pub(super) fn parse(compact: &'t [u8]) -> Option<Self> {
        let is_dot = |byte: &u8| *byte == b'.';
        let mut parts = compact.splitn(4, is_dot);
        let (header, encrypted_key, nonce) = (parts.next()?, parts.next()?, parts.next()?);
        let mut rest = parts.next()?.rsplitn(2, is_dot);
        let (tag, content) = (rest.next()?, rest.next()?);
        Some(Self {
            header,
            claims: header::read(header)?,
            encrypted_key: base64url::decode(encrypted_key, LONGEST / 8)?,
            nonce: base64url::decode_exactly(nonce)?,
            content: base64url::decode(content, LONGEST_PLAINTEXT)?,
            tag: base64url::decode_exactly(tag)?,
        })
    }
}

/// A token of a header, which is text already, and its four other parts.
pub(super) fn write(header: Vec<u8>, parts: [&[u8]; 4]) -> Option<Vec<u8>> {
    let mut token = header;
    token.reserve_exact(parts.iter().map(|part| 1 + base64url::length(part.len())).sum());
    for part in parts {
        token.push(b'.');
        base64url::append(&mut token, part)?;
    }
    Some(token)
}
