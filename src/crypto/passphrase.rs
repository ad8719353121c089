//! Secrets at rest under a passphrase.
//!
//! ```text
//! key  = Argon2id(passphrase, salt; m, t, p)                         RFC 9106
//! box  = ChaCha20-Poly1305(key, nonce = 0, aad = context, plaintext)  RFC 8439
//! ```
//! The salt is fresh for every box, so the key is, and one fixed nonce serves.

use argon2::{Algorithm, Argon2, Params, Version};
use rand_core::Rng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::aead::{Aead, KEY_BYTES, NONCE_BYTES, TAG_BYTES};
use super::error::{DecryptError, EncryptError};
use crate::foundation::random::Randomness;
use crate::foundation::secret::Secret;

/// What a person types to protect secrets.
#[derive(Debug)]
pub struct Passphrase(Secret<String>);

impl Passphrase {
    /// That which is in `text`.
    pub fn new(text: Secret<String>) -> Self {
        Self(text)
    }

    /// The passphrase, for who derives a key of it or compares two.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// RFC 9106 §4, second recommended option: 64 MiB, 3 passes, 4 lanes.
const COST: Cost = Cost { memory_kib: 1 << 16, passes: 3, lanes: 4 };

/// What a file may ask for at most: 1 GiB, 16 passes, 16 lanes.
const HIGHEST_COST: Cost = Cost { memory_kib: 1 << 20, passes: 16, lanes: 16 };

/// How dear one guess is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// How a box was sealed; public, stored beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KdfParams {
    salt: [u8; 16],
    cost: Cost,
}

/// Every key is used once.
const NONCE: [u8; NONCE_BYTES] = [0; NONCE_BYTES];

/// Seals `plaintext`; `context` is bound to it and must be given again.
///
/// # Errors
/// [`EncryptError::Failed`] if the key cannot be derived, for want of memory.
pub fn seal(
    passphrase: &Passphrase,
    context: &[u8],
    mut plaintext: Zeroizing<Vec<u8>>,
    random: &mut Randomness,
) -> Result<(KdfParams, Vec<u8>), EncryptError> {
    let mut salt = [0; 16];
    random.fill_bytes(&mut salt);
    let sealed = KdfParams { salt, cost: COST };
    let cipher = sealed.cipher(passphrase).ok_or(EncryptError::Failed)?;
    let tag = cipher.seal(NONCE, context, &mut plaintext)?;
    let ciphertext = [plaintext.as_slice(), &tag].concat();
    Ok((sealed, ciphertext))
}

/// Opens what [`seal`] gave.
///
/// # Errors
/// [`DecryptError`], whatever the reason.
pub fn open(
    passphrase: &Passphrase,
    context: &[u8],
    sealed: &KdfParams,
    ciphertext: Vec<u8>,
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let mut buffer = Zeroizing::new(ciphertext);
    let cipher = sealed.cipher(passphrase).ok_or(DecryptError)?;
    let (text, tag) = buffer.split_last_chunk_mut::<TAG_BYTES>().ok_or(DecryptError)?;
    cipher.open(NONCE, context, text, tag)?;
    let length = text.len();
    buffer.truncate(length);
    Ok(buffer)
}

impl KdfParams {
    fn cipher(&self, passphrase: &Passphrase) -> Option<Aead> {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let highest = HIGHEST_COST;
        if memory_kib > highest.memory_kib || passes > highest.passes || lanes > highest.lanes {
            return None;
        }
        let params = Params::new(memory_kib, passes, lanes, None).ok()?;
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let secret = passphrase.expose().as_bytes();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(secret, &self.salt, key.as_mut())
            .ok()?;
        Aead::chacha20_poly1305(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(Secret::new(text.into()))
    }

    #[test]
    fn only_the_passphrase_and_the_context_open_the_box() {
        let mut random = Randomness::from_seed([1; 32]);
        let plaintext = Zeroizing::new(b"key".to_vec());
        let (sealed, bytes) = seal(&passphrase("right"), b"job 1", plaintext, &mut random).unwrap();
        let opened = open(&passphrase("right"), b"job 1", &sealed, bytes.clone()).unwrap();
        assert_eq!(opened.as_slice(), b"key");
        assert_eq!(open(&passphrase("wrong"), b"job 1", &sealed, bytes.clone()), Err(DecryptError));
        assert_eq!(open(&passphrase("right"), b"job 2", &sealed, bytes.clone()), Err(DecryptError));
        let mut altered = bytes;
        altered[0] ^= 1;
        assert_eq!(open(&passphrase("right"), b"job 1", &sealed, altered), Err(DecryptError));
    }

    /// Made with argon2-cffi and Python's cryptography: what lies on disks must still open.
    #[test]
    fn boxes_of_another_implementation_open() {
        let salt = std::array::from_fn(|index| index as u8);
        let sealed = KdfParams { salt, cost: Cost { memory_kib: 65536, passes: 3, lanes: 4 } };
        let ciphertext = 0x58b6_1205_3e67_06ea_54dc_a736_c9d6_e798_u128.to_be_bytes().to_vec();
        let rest = &0xfe18_b0dc_2c9f_eae2_a2ec_26cb_u128.to_be_bytes()[4..];
        let context = crate::crypto::labels::job_secrets([1; 16]);
        let opened = open(&passphrase("correct horse"), &context, &sealed, [&ciphertext, rest].concat()).unwrap();
        assert_eq!(opened.as_slice(), b"key of a job");
    }

    #[test]
    fn a_file_cannot_ask_for_endless_work() {
        let cost = Cost { memory_kib: u32::MAX, ..COST };
        let sealed = KdfParams { salt: [0; 16], cost };
        assert_eq!(open(&passphrase("any"), b"", &sealed, vec![0; 32]), Err(DecryptError));
    }
}
