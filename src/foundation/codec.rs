//! Encodes records up to a given length as bytes. The only file that uses `bincode`.
//!
//! Fixed-width little-endian integers, `u64` lengths, no trailing bytes (bincode 1.3, "fixint").

use bincode::Options;
use serde::{Serialize, de::DeserializeOwned};

/// The bytes are not a record of the expected type, or the record is longer than the limit.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a record of the expected type, or too long")]
pub struct CodecError;

fn options(limit: u64) -> impl Options {
    bincode::DefaultOptions::new().with_fixint_encoding().with_limit(limit).reject_trailing_bytes()
}

/// Encodes `record` as at most `limit` bytes.
///
/// # Errors
/// [`CodecError`] if it is longer than `limit`, or its type cannot be encoded.
pub fn encode<T: Serialize>(record: &T, limit: u64) -> Result<Vec<u8>, CodecError> {
    options(limit).serialize(record).map_err(|_| CodecError)
}

/// Decodes a record from all of `bytes`, whose length must not exceed `limit`.
///
/// # Errors
/// [`CodecError`] if the bytes are too many, too few, or not a valid record.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], limit: u64) -> Result<T, CodecError> {
    // bincode does not apply its limit to slices, whose length bounds the work anyway.
    if bytes.len() as u64 > limit {
        return Err(CodecError);
    }
    options(limit).deserialize(bytes).map_err(|_| CodecError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_decodes_to_itself() {
        let bytes = encode(&(7_u16, vec![1_u8, 2]), 64).unwrap();
        assert_eq!(decode::<(u16, Vec<u8>)>(&bytes, 64), Ok((7, vec![1, 2])));
    }

    #[test]
    fn trailing_bytes_and_false_lengths_are_rejected() {
        let mut bytes = encode(&vec![1_u8, 2], 64).unwrap();
        bytes.push(0);
        assert_eq!(decode::<Vec<u8>>(&bytes, 64), Err(CodecError));
        let claim = u64::MAX.to_le_bytes();
        assert_eq!(decode::<Vec<u8>>(&claim, 64), Err(CodecError));
    }

    #[test]
    fn the_limit_applies_to_both_directions() {
        assert_eq!(encode(&[0_u8; 32].to_vec(), 16), Err(CodecError));
        let bytes = encode(&[0_u8; 32].to_vec(), 64).unwrap();
        assert_eq!(decode::<Vec<u8>>(&bytes, 16), Err(CodecError));
    }
}
