//! Encrypts secrets at rest with a passphrase.
//!
//! ```text
//! key  = Argon2id(passphrase, salt; m, t, p)                         RFC 9106
//! text = ChaCha20-Poly1305(key, nonce = 0, aad, plaintext)           RFC 8439
//! ```
//! The salt, and so the key, is fresh for every ciphertext; therefore the nonce can be fixed.

use argon2::{Algorithm, Argon2, Params, Version};
use rand_core::Rng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::aead::{Aead, KEY_BYTES, NONCE_BYTES, TAG_BYTES};
use super::error::{DecryptError, EncryptError};
use crate::foundation::random::Randomness;
use crate::foundation::secret::Secret;

/// A passphrase entered by a person.
#[derive(Debug)]
pub struct Passphrase(Secret<String>);

impl Passphrase {
    /// Wraps the passphrase `text`.
    pub fn new(text: Secret<String>) -> Self {
        Self(text)
    }

    /// Returns the passphrase, for deriving a key from it or comparing two.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// RFC 9106 §4, second recommended option: 64 MiB, 3 passes, 4 lanes.
const COST: Cost = Cost { memory_kib: 1 << 16, passes: 3, lanes: 4 };

/// The highest cost that a file may request: 1 GiB, 16 passes, 16 lanes.
const MAX_COST: Cost = Cost { memory_kib: 1 << 20, passes: 16, lanes: 16 };

/// The Argon2id cost of one key derivation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// The key derivation parameters of a ciphertext; public, stored with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KdfParams {
    salt: [u8; 16],
    cost: Cost,
}

/// The nonce is fixed, because every key is used once.
const NONCE: [u8; NONCE_BYTES] = [0; NONCE_BYTES];

/// Encrypts `plaintext`. The associated data `aad` is authenticated: [`open`] needs the same.
///
/// # Errors
/// [`EncryptError::Failed`] if the key cannot be derived for lack of memory.
pub fn seal(
    passphrase: &Passphrase,
    aad: &[u8],
    mut plaintext: Zeroizing<Vec<u8>>,
    random: &mut Randomness,
) -> Result<(KdfParams, Vec<u8>), EncryptError> {
    let mut salt = [0; 16];
    random.fill_bytes(&mut salt);
    let params = KdfParams { salt, cost: COST };
    let cipher = params.cipher(passphrase).ok_or(EncryptError::Failed)?;
    let tag = cipher.seal(NONCE, aad, &mut plaintext)?;
    let ciphertext = [plaintext.as_slice(), &tag].concat();
    Ok((params, ciphertext))
}

/// Decrypts a ciphertext of [`seal`].
///
/// # Errors
/// [`DecryptError`] for every failure: wrong passphrase or associated data, altered bytes, cost too high.
pub fn open(
    passphrase: &Passphrase,
    aad: &[u8],
    params: &KdfParams,
    ciphertext: Vec<u8>,
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let mut buffer = Zeroizing::new(ciphertext);
    let cipher = params.cipher(passphrase).ok_or(DecryptError)?;
    let (text, tag) = buffer.split_last_chunk_mut::<TAG_BYTES>().ok_or(DecryptError)?;
    cipher.open(NONCE, aad, text, tag)?;
    let length = text.len();
    buffer.truncate(length);
    Ok(buffer)
}

impl KdfParams {
    fn cipher(&self, passphrase: &Passphrase) -> Option<Aead> {
        let Cost { memory_kib, passes, lanes } = self.cost;
        if memory_kib > MAX_COST.memory_kib || passes > MAX_COST.passes || lanes > MAX_COST.lanes {
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
    fn only_the_right_passphrase_and_associated_data_decrypt() {
        let mut random = Randomness::from_seed([1; 32]);
        let plaintext = Zeroizing::new(b"key".to_vec());
        let (params, bytes) = seal(&passphrase("right"), b"job 1", plaintext, &mut random).unwrap();
        let opened = open(&passphrase("right"), b"job 1", &params, bytes.clone()).unwrap();
        assert_eq!(opened.as_slice(), b"key");
        assert_eq!(open(&passphrase("wrong"), b"job 1", &params, bytes.clone()), Err(DecryptError));
        assert_eq!(open(&passphrase("right"), b"job 2", &params, bytes.clone()), Err(DecryptError));
        let mut altered = bytes;
        altered[0] ^= 1;
        assert_eq!(open(&passphrase("right"), b"job 1", &params, altered), Err(DecryptError));
    }

    /// Made with argon2-cffi and Python's cryptography. Existing files must remain readable.
    #[test]
    fn a_ciphertext_of_another_implementation_is_decrypted() {
        let salt = std::array::from_fn(|index| index as u8);
        let params = KdfParams { salt, cost: Cost { memory_kib: 65536, passes: 3, lanes: 4 } };
        let ciphertext = 0x58b6_1205_3e67_06ea_54dc_a736_c9d6_e798_u128.to_be_bytes().to_vec();
        let rest = &0xfe18_b0dc_2c9f_eae2_a2ec_26cb_u128.to_be_bytes()[4..];
        let aad = crate::crypto::labels::job_secrets_aad([1; 16]);
        let opened = open(&passphrase("correct horse"), &aad, &params, [&ciphertext, rest].concat()).unwrap();
        assert_eq!(opened.as_slice(), b"key of a job");
    }

    #[test]
    fn a_file_cannot_request_an_unlimited_cost() {
        let cost = Cost { memory_kib: u32::MAX, ..COST };
        let params = KdfParams { salt: [0; 16], cost };
        assert_eq!(open(&passphrase("any"), b"", &params, vec![0; 32]), Err(DecryptError));
    }
}
