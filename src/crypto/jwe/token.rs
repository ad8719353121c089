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
    /// Each part is decoded once, and no memory is taken for one that is too long.
    pub(super) fn parse(compact: &'t [u8]) -> Option<Self> {
        let mut parts = compact.split(|byte| *byte == b'.');
        let header = parts.next()?;
        let token = Self {
            header,
            claims: header::read(header)?,
            encrypted_key: base64url::decode(parts.next()?, LONGEST / 8)?,
            nonce: base64url::decode_exactly(parts.next()?)?,
            content: base64url::decode(parts.next()?, LONGEST_PLAINTEXT)?,
            tag: base64url::decode_exactly(parts.next()?)?,
        };
        parts.next().is_none().then_some(token)
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
