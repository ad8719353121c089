//! Private keys encrypted with a passphrase in the format of OpenSSL: `EncryptedPrivateKeyInfo` (RFC 5958 §3) with
//! PBES2 (RFC 8018 §6.2).
//!
//! ```text
//! key  = scrypt(passphrase, salt; N, r, p)               RFC 7914
//! text = AES-256-CBC(key, iv, PKCS#8 with padding)       NIST SP 800-38A
//! ```
//! The format has no authentication tag: anyone who can write the file can alter or replace the key.

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::Encode;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters, Pbkdf2Params, ScryptParams};
use pkcs8::pkcs5::{Error, scrypt};
use rand_core::Rng;

use super::error::{EncryptError, PemError};
use super::passphrase::Passphrase;
use super::pkcs8_key::Pkcs8Key;
use crate::foundation::random::Randomness;
use crate::foundation::secret::Secret;

/// log₂ N, r and p: 16 MiB, five times. OpenSSL refuses files that need 32 MiB, so p compensates for the smaller memory
/// (one of the equivalent settings of the OWASP Password Storage Cheat Sheet).
const SCRYPT: (u8, u32, u32) = (14, 8, 5);

/// The highest cost that a file may request: scrypt memory in bytes (128·N·r) and work (N·r·p), PBKDF2 iterations.
const MAX_MEMORY: u64 = 1 << 28;
const MAX_WORK: u64 = 1 << 23;
const MAX_ITERATIONS: u32 = 10_000_000;

/// Encrypts `pkcs8` with the passphrase; returns the document in DER.
pub(super) fn seal(
    pkcs8: &Pkcs8Key,
    passphrase: &Passphrase,
    random: &mut Randomness,
) -> Result<Vec<u8>, EncryptError> {
    let failed = |_| EncryptError::Failed;
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    random.fill_bytes(&mut salt);
    random.fill_bytes(&mut iv);
    let (log_n, r, p) = SCRYPT;
    let cost = scrypt::Params::new(log_n, r, p).map_err(|_| EncryptError::Failed)?;
    let parameters = Parameters::generate_scrypt_aes256cbc(cost, &salt, iv).map_err(failed)?;
    let ciphertext = parameters.encrypt(passphrase.expose(), pkcs8.expose()).map_err(failed)?;
    let encrypted_data = OctetStringRef::new(&ciphertext).map_err(|_| EncryptError::Failed)?;
    let document = EncryptedPrivateKeyInfoRef { encryption_algorithm: parameters.into(), encrypted_data };
    document.to_der().map_err(|_| EncryptError::Failed)
}

/// Decrypts a document of [`seal`] or OpenSSL.
pub(super) fn open(document: &[u8], passphrase: &Passphrase) -> Result<Pkcs8Key, PemError> {
    let info = EncryptedPrivateKeyInfoRef::try_from(document).map_err(|_| PemError::Unsupported)?;
    let parameters = info.encryption_algorithm.pbes2().ok_or(PemError::Unsupported)?;
    if !cost_within_limits(&parameters.kdf) {
        return Err(PemError::CostTooHigh);
    }
    let mut pkcs8 = Secret::new(info.encrypted_data.as_bytes().to_vec());
    let decrypted = parameters.decrypt_in_place(passphrase.expose(), pkcs8.expose_mut());
    let length = decrypted.map_err(pem_error)?.len();
    pkcs8.expose_mut().truncate(length);
    Ok(Pkcs8Key::new(pkcs8))
}

fn pem_error(error: Error) -> PemError {
    match error {
        Error::UnsupportedAlgorithm { .. } | Error::NoPbes1CryptSupport => PemError::Unsupported,
        _ => PemError::WrongPassphrase,
    }
}

/// Returns whether the parameters of the key derivation are valid and within the limits.
fn cost_within_limits(kdf: &Kdf) -> bool {
    match kdf {
        Kdf::Pbkdf2(Pbkdf2Params { iteration_count, .. }) => (1..=MAX_ITERATIONS).contains(iteration_count),
        Kdf::Scrypt(ScryptParams { cost_parameter: n, block_size, parallelization, .. }) => {
            let (r, p) = (u64::from(*block_size), u64::from(*parallelization));
            let memory = n.checked_mul(128 * r);
            let work = n.checked_mul(r * p);
            n.is_power_of_two()
                && *n > 1
                && memory.is_some_and(|memory| (1..=MAX_MEMORY).contains(&memory))
                && work.is_some_and(|work| (1..=MAX_WORK).contains(&work))
        }
        _ => false,
    }
}
