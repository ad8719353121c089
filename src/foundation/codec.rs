//! Small structured records as bytes. The only file that names `bincode`.
//!
//! Fixed-width little-endian integers, `u64` lengths, no trailing bytes (bincode 1.3, "fixint").

use bincode::Options;
use serde::{Serialize, de::DeserializeOwned};

/// Bytes that are no record of the expected kind, or a record too large for its place.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the bytes are no record of the expected kind")]
pub struct CodecError;

fn options(limit: u64) -> impl Options {
    bincode::DefaultOptions::new().with_fixint_encoding().with_limit(limit).reject_trailing_bytes()
}

/// `record` as at most `limit` bytes.
///
/// # Errors
/// [`CodecError`] if it needs more.
pub fn encode<T: Serialize>(record: &T, limit: u64) -> Result<Vec<u8>, CodecError> {
    options(limit).serialize(record).map_err(|_| CodecError)
}

/// The record that `bytes` hold, all of them; of at most `limit` bytes.
///
/// # Errors
/// [`CodecError`] if they hold something else, more, or less.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], limit: u64) -> Result<T, CodecError> {
    // bincode does not apply its limit to slices: there the slice itself is what bounds it.
    if bytes.len() as u64 > limit {
        return Err(CodecError);
    }
    options(limit).deserialize(bytes).map_err(|_| CodecError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back() {
        let bytes = encode(&(7_u16, vec![1_u8, 2]), 64).unwrap();
        assert_eq!(decode::<(u16, Vec<u8>)>(&bytes, 64), Ok((7, vec![1, 2])));
    }

    #[test]
    fn leftovers_and_lying_lengths_are_refused() {
        let mut bytes = encode(&vec![1_u8, 2], 64).unwrap();
        bytes.push(0);
        assert_eq!(decode::<Vec<u8>>(&bytes, 64), Err(CodecError));
        let claim = u64::MAX.to_le_bytes();
        assert_eq!(decode::<Vec<u8>>(&claim, 64), Err(CodecError));
    }

    #[test]
    fn the_limit_holds_both_ways() {
        assert_eq!(encode(&[0_u8; 32].to_vec(), 16), Err(CodecError));
        let bytes = encode(&[0_u8; 32].to_vec(), 64).unwrap();
        assert_eq!(decode::<Vec<u8>>(&bytes, 16), Err(CodecError));
    }
}
