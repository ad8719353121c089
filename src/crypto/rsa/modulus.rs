//! Reads the modulus length of an encoded key, so that a weak key and an invalid one give different errors.

use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::asn1::{ObjectIdentifier, UintRef};
use pkcs8::der::{Decode, Header, SliceReader};
use pkcs8::spki::SubjectPublicKeyInfoRef;

use super::{MAX_BITS, MIN_BITS};
use crate::crypto::error::KeyError;

/// rsaEncryption (RFC 8017 appendix A.1).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Returns the modulus length in bits of the key in a PKCS#8 document.
pub(super) fn of_private(pkcs8: &[u8]) -> Result<usize, KeyError> {
    let info = PrivateKeyInfoRef::try_from(pkcs8).map_err(|_| KeyError::WrongType)?;
    if info.algorithm.oid != RSA {
        return Err(KeyError::WrongType);
    }
    second_integer(info.private_key.as_bytes()).ok_or(KeyError::WrongType)
}

/// Returns the modulus length in bits of the key in an SPKI document.
pub(super) fn of_public(spki: &[u8]) -> Result<usize, KeyError> {
    let info = SubjectPublicKeyInfoRef::try_from(spki).map_err(|_| KeyError::WrongType)?;
    let key = info.subject_public_key.as_bytes().filter(|_| info.algorithm.oid == RSA);
    key.and_then(first_integer).ok_or(KeyError::WrongType)
}

/// Checks that a modulus of `bits` bits is neither too weak nor too slow.
pub(super) fn check(bits: usize) -> Result<(), KeyError> {
    match bits {
        0..MIN_BITS => Err(KeyError::TooSmall { bits }),
        MIN_BITS..=MAX_BITS => Ok(()),
        _ => Err(KeyError::TooLarge { bits }),
    }
}

/// `RSAPublicKey ::= SEQUENCE { modulus INTEGER, … }` (RFC 8017 appendix A.1.1)
fn first_integer(sequence: &[u8]) -> Option<usize> {
    let mut reader = SliceReader::new(sequence).ok()?;
    Header::decode(&mut reader).ok()?;
    bits(UintRef::decode(&mut reader).ok()?)
}

/// `RSAPrivateKey ::= SEQUENCE { version Version, modulus INTEGER, … }` (RFC 8017 appendix A.1.2)
fn second_integer(sequence: &[u8]) -> Option<usize> {
    let mut reader = SliceReader::new(sequence).ok()?;
    Header::decode(&mut reader).ok()?;
    u8::decode(&mut reader).ok()?;
    bits(UintRef::decode(&mut reader).ok()?)
}

fn bits(modulus: UintRef<'_>) -> Option<usize> {
    let first = modulus.as_bytes().first().filter(|byte| **byte != 0)?;
    Some(8 * modulus.as_bytes().len() - first.leading_zeros() as usize)
}
