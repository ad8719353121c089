//! A part of a message: its header on the wire, its chunks, and the headers of their tokens.
//!
//! Each chunk becomes one token, a JWE (RFC 7516) whose protected header says which chunk it is.
//!
//! JWE has no streaming, so a part in one token would have to fit into memory and could be verified only at its end.
//! Longer chunks need less RSA and more memory: 4 MiB, less if there are many parts, and 32 KiB in parts of up to 1
//! MiB, whose tokens every JOSE library that we tried accepts. The chunk's position is in the protected header, so
//! chunks cannot be swapped, repeated or left out.

use std::fmt;
use std::ops::{Deref, Range, RangeInclusive};

use rand_core::Rng;
use serde::{Deserialize, Serialize};

use crate::crypto::{EncryptError, RsaPublicKey, jwe};
use crate::foundation::random::Randomness;

/// Allowed chunk lengths in bytes. The last chunk of a part may be shorter.
pub(super) const CHUNK_BYTES: RangeInclusive<u32> = 4 << 10..=4 << 20;

/// Chunk length in short parts. joserfc accepts tokens of up to 67,712 bytes, python-jose and authlib about four times
/// as much.
const SHORT_CHUNK: u32 = 32 << 10;

/// Length of the longest part with short chunks, in bytes. In longer parts, RSA would take most of the time.
const SHORT_PART: u64 = 1 << 20;

/// Total bytes of the chunks that a client processes at once.
const CHUNKS_AT_ONCE: u32 = 64 << 20;

/// Maximum number of parts that are assigned to nodes at the same time.
pub(super) const PARTS_AT_ONCE: u32 = 256;

/// Maximum bytes of a token's header, wrapped key, nonce and tag, in base64.
const TOKEN_OVERHEAD: usize = 8 << 10;

/// The name of a message: 128 random bits, written as 32 hexadecimal digits. It reveals nothing about the message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageId(u128);

impl MessageId {
    /// Draws a new name.
    pub fn draw(random: &mut Randomness) -> Self {
        Self(u128::from(random.next_u64()) << 64 | u128::from(random.next_u64()))
    }

    /// Returns whether `text` has the form of a name.
    pub(super) fn is_valid(text: &str) -> bool {
        text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The header of a part. Its numbers are consistent: one that is not cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawPartHead")]
pub(super) struct PartHead(RawPartHead);

/// The fields of a [`PartHead`], as they are on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RawPartHead {
    pub(super) message: MessageId,
    /// The part's number, from 1.
    pub(super) part: u32,
    /// Number of parts of the message.
    pub(super) parts: u32,
    /// The part's length in bytes.
    pub(super) length: u64,
    /// The length in bytes of each chunk except the last.
    pub(super) chunk: u32,
}

/// A [`RawPartHead`] describes no possible part.
#[derive(Debug, thiserror::Error)]
#[error("part number or chunk length out of range")]
pub(super) struct InvalidPart;

impl TryFrom<RawPartHead> for PartHead {
    type Error = InvalidPart;

    fn try_from(head: RawPartHead) -> Result<Self, InvalidPart> {
        let is_valid = (1..=head.parts).contains(&head.part) && CHUNK_BYTES.contains(&head.chunk);
        if is_valid { Ok(Self(head)) } else { Err(InvalidPart) }
    }
}

impl Deref for PartHead {
    type Target = RawPartHead;

    fn deref(&self) -> &RawPartHead {
        &self.0
    }
}

impl PartHead {
    /// Returns the headers of all parts of a message. `chunk` is the maximum chunk length; see [`chunk_bytes`].
    pub(super) fn of_message(message: MessageId, lengths: &[u64], chunk: Option<u32>) -> Vec<Self> {
        let parts = lengths.len() as u32;
        let chunk = chunk_bytes(parts, lengths.iter().copied().fold(0, u64::max), chunk);
        let head = |(&length, part)| Self(RawPartHead { message, part, parts, length, chunk });
        lengths.iter().zip(1..).map(head).collect()
    }

    /// Returns the number of chunks, at least one: an empty part is one empty chunk.
    pub(super) fn chunks(&self) -> u64 {
        self.length.div_ceil(u64::from(self.chunk)).max(1)
    }

    /// Returns the maximum length of a token in bytes: a chunk in base64, and [`TOKEN_OVERHEAD`].
    pub(super) fn max_token_bytes(&self) -> usize {
        let chunk = self.length.min(u64::from(self.chunk)) as usize;
        chunk.div_ceil(3) * 4 + TOKEN_OVERHEAD
    }

    /// Returns the range of chunk `number` (from 1) in the part.
    pub(super) fn range(&self, number: u64) -> Range<u64> {
        let begin = (number - 1) * u64::from(self.chunk);
        begin..self.length.min(begin.saturating_add(u64::from(self.chunk)))
    }

    /// Returns the length in bytes of chunk `number` (from 1).
    pub(super) fn chunk_len(&self, number: u64) -> usize {
        let range = self.range(number);
        (range.end - range.start) as usize
    }

    /// Returns the only valid header for the token of chunk `number` under the key with fingerprint `kid`.
    pub(super) fn header(&self, number: u64, kid: &str) -> ChunkHeader {
        ChunkHeader {
            kid: kid.into(),
            message: self.message.to_string(),
            part: self.part,
            parts: self.parts,
            chunk: number,
            last: number == self.chunks(),
        }
    }

    /// Encrypts chunk `number` in place and writes its token to `token`.
    pub(super) fn encrypt(
        &self,
        token: &mut Vec<u8>,
        number: u64,
        plaintext: &mut [u8],
        key: &RsaPublicKey,
        random: &mut Randomness,
    ) -> Result<(), EncryptError> {
        jwe::seal_into(token, key, &self.header(number, &key.fingerprint().to_string()), plaintext, random)
    }

    /// Returns the name of the file with the part as a node received it.
    pub(super) fn file_name(&self) -> String {
        format!("part-{}-of-{}", self.part, self.parts)
    }

    /// Returns the name of the file with the part's tokens.
    pub(super) fn token_file_name(&self) -> String {
        format!("{}.jwe", self.file_name())
    }
}

/// Our members of a token's protected header, besides `alg` and `enc`. Numbers start at 1. Other members are not
/// allowed: a node could use them to mislead other programs (`jku`, `jwk`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChunkHeader {
    /// The fingerprint of the public key.
    pub(super) kid: String,
    pub(super) message: String,
    pub(super) part: u32,
    pub(super) parts: u32,
    /// The chunk's number within its part.
    pub(super) chunk: u64,
    /// Whether this is the part's last chunk.
    #[serde(rename = "final")]
    pub(super) last: bool,
}

/// Returns the chunk length for parts of up to `part` bytes: `max` if given. Otherwise every JOSE library accepts the
/// tokens of short parts, and long parts are fast. In any case the chunks in progress at one time fit into
/// [`CHUNKS_AT_ONCE`].
fn chunk_bytes(parts: u32, part: u64, max: Option<u32>) -> u32 {
    let default = if part <= SHORT_PART { SHORT_CHUNK } else { *CHUNK_BYTES.end() };
    let bound = CHUNKS_AT_ONCE / parts.clamp(1, PARTS_AT_ONCE);
    max.unwrap_or(default).min(bound).clamp(*CHUNK_BYTES.start(), *CHUNK_BYTES.end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::random;
    use proptest::prelude::*;

    fn head(length: u64, chunk: u32) -> PartHead {
        let message = MessageId::draw(&mut random::from_system().unwrap());
        PartHead::of_message(message, &[length, length], Some(chunk))[0]
    }

    #[test]
    fn short_parts_and_many_parts_have_short_chunks() {
        let lengths = [1, 16, 32, 1000, 100_000, u32::MAX].map(|parts| chunk_bytes(parts, 1 << 30, None));
        assert_eq!(lengths, [4 << 20, 4 << 20, 2 << 20, 256 << 10, 256 << 10, 256 << 10]);
        assert_eq!([0, 1 << 20, (1 << 20) + 1].map(|part| chunk_bytes(2, part, None)), [32 << 10, 32 << 10, 4 << 20]);
        assert_eq!([0, 5000, 3 << 20].map(|max| chunk_bytes(32, 1, Some(max))), [4 << 10, 5000, 2 << 20]);
    }

    #[test]
    fn impossible_parts_are_rejected() {
        let valid = *head(5, 64 << 10);
        assert!(PartHead::try_from(valid).is_ok());
        for invalid in [
            RawPartHead { part: 0, ..valid },
            RawPartHead { part: 3, ..valid },
            RawPartHead { parts: 0, ..valid },
            RawPartHead { chunk: 0, ..valid },
            RawPartHead { chunk: (4 << 20) + 1, ..valid },
        ] {
            assert!(PartHead::try_from(invalid).is_err(), "{invalid:?}");
        }
        // A hostile client cannot cause an overflow.
        let endless = head(u64::MAX, 64 << 10);
        assert_eq!(endless.range(endless.chunks()).end, u64::MAX);
    }

    proptest! {
        #[test]
        fn chunks_cover_the_part(length in 0..10_000_000_u64, chunk in CHUNK_BYTES) {
            let head = head(length, chunk);
            let mut end = 0;
            for number in 1..=head.chunks() {
                let range = head.range(number);
                prop_assert_eq!(range.start, end);
                prop_assert_eq!(head.header(number, "").last, range.end == length);
                end = range.end;
            }
            prop_assert_eq!(end, length);
        }
    }
}
