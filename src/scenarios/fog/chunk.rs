//! Parts in chunks, each of which becomes one token: a JWE (RFC 7516) of its own, whose protected header says where it
//! belongs.

use std::ops::{Range, RangeInclusive};

use serde::{Deserialize, Serialize};

use super::protocol::PartHead;
use crate::crypto::{EncryptError, RsaPublicKey, jwe};
use crate::foundation::random::Randomness;

/// Bytes of the shortest and of the longest chunk that is not the last.
pub(super) const CHUNK_BYTES: RangeInclusive<u32> = 4 << 10..=4 << 20;

/// Bytes of a chunk whose token is short: joserfc takes 67,712 bytes, python-jose and authlib take about four times as many.
const SHORT_CHUNK: u32 = 32 << 10;

/// Bytes of the longest part that has such chunks: for longer ones, RSA would take most of the time.
const SHORT_PART: u64 = 1 << 20;

/// Bytes of all chunks together that a client works on at once.
const CHUNKS_AT_ONCE: u32 = 64 << 20;

/// Parts that are under way at once, at most.
pub(super) const PARTS_AT_ONCE: u32 = 256;

/// Bytes of a token's header, key, nonce and tag, in base64, at most.
const AROUND_CONTENT: usize = 8 << 10;

/// The members of a token's protected header that are ours, beside `alg` and `enc`. Numbers begin with 1. There are no others:
/// what a node adds could lead other programs astray (`jku`, `jwk`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChunkHeader {
    /// The fingerprint of the public key.
    pub(super) kid: String,
    /// The message's name.
    pub(super) message: String,
    /// The part's number.
    pub(super) part: u32,
    /// How many parts there are.
    pub(super) parts: u32,
    /// The chunk's number in its part.
    pub(super) chunk: u64,
    /// Whether it is its part's last one.
    #[serde(rename = "final")]
    pub(super) last: bool,
}

/// How long chunks are in parts of so many bytes: as is wanted; else such that any JOSE library takes the tokens of short parts,
/// and long ones take little time. In no case too much in memory, of those under way at once.
pub(super) fn chunk_bytes(parts: u32, part: u64, wanted: Option<u32>) -> u32 {
    let usual = if part <= SHORT_PART { SHORT_CHUNK } else { *CHUNK_BYTES.end() };
    let bound = CHUNKS_AT_ONCE / parts.clamp(1, PARTS_AT_ONCE);
    wanted.unwrap_or(usual).min(bound).clamp(*CHUNK_BYTES.start(), *CHUNK_BYTES.end())
}

impl PartHead {
    /// Whether there can be such a part.
    pub(super) fn is_sound(&self) -> bool {
        (1..=self.parts).contains(&self.part) && CHUNK_BYTES.contains(&self.chunk)
    }

    /// How many chunks it has: one at least, for an empty part is one empty chunk.
    pub(super) fn chunks(&self) -> u64 {
        self.length.div_ceil(u64::from(self.chunk)).max(1)
    }

    /// Bytes of its longest token, at most: base64 of a chunk, and what is around it.
    pub(super) fn longest_token(&self) -> usize {
        let chunk = self.length.min(u64::from(self.chunk)) as usize;
        chunk.div_ceil(3) * 4 + AROUND_CONTENT
    }

    /// Where chunk `number` lies in the part.
    pub(super) fn place(&self, number: u64) -> Range<u64> {
        let begin = (number - 1) * u64::from(self.chunk);
        begin..self.length.min(begin.saturating_add(u64::from(self.chunk)))
    }

    /// What the header of chunk `number` must say under the key called `kid`.
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

    /// Makes `token` the token of chunk `number`.
    pub(super) fn seal(
        &self,
        token: &mut Vec<u8>,
        number: u64,
        plaintext: &mut [u8],
        key: &RsaPublicKey,
        random: &mut Randomness,
    ) -> Result<(), EncryptError> {
        jwe::seal_into(token, key, &self.header(number, &key.fingerprint().to_string()), plaintext, random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::random;
    use crate::scenarios::fog::MessageId;
    use proptest::prelude::*;

    fn head(length: u64, chunk: u32) -> PartHead {
        let message = MessageId::draw(&mut random::from_system().unwrap());
        PartHead { message, part: 1, parts: 2, length, chunk }
    }

    #[test]
    fn short_parts_and_many_parts_have_short_chunks() {
        let lengths = [1, 16, 32, 1000, 100_000, u32::MAX].map(|parts| chunk_bytes(parts, 1 << 30, None));
        assert_eq!(lengths, [4 << 20, 4 << 20, 2 << 20, 256 << 10, 256 << 10, 256 << 10]);
        assert_eq!([0, 1 << 20, (1 << 20) + 1].map(|part| chunk_bytes(2, part, None)), [32 << 10, 32 << 10, 4 << 20]);
        assert_eq!([0, 5000, 3 << 20].map(|most| chunk_bytes(32, 1, Some(most))), [4 << 10, 5000, 2 << 20]);
    }

    #[test]
    fn impossible_parts_are_told() {
        let sound = head(5, 64 << 10);
        assert!(sound.is_sound());
        for unsound in [
            PartHead { part: 0, ..sound },
            PartHead { part: 3, ..sound },
            PartHead { parts: 0, ..sound },
            PartHead { chunk: 0, ..sound },
            PartHead { chunk: (4 << 20) + 1, ..sound },
        ] {
            assert!(!unsound.is_sound(), "{unsound:?}");
        }
        // Whatever a hostile client says, numbers do not overflow.
        let endless = head(u64::MAX, 64 << 10);
        assert_eq!(endless.place(endless.chunks()).end, u64::MAX);
    }

    proptest! {
        #[test]
        fn chunks_cover_the_part(length in 0..10_000_000_u64, chunk in CHUNK_BYTES) {
            let head = head(length, chunk);
            let mut end = 0;
            for number in 1..=head.chunks() {
                let place = head.place(number);
                prop_assert_eq!(place.start, end);
                prop_assert_eq!(head.header(number, "").last, place.end == length);
                end = place.end;
            }
            prop_assert_eq!(end, length);
        }
    }
}
