//! Private keys under a passphrase, as openssl has them: `EncryptedPrivateKeyInfo` (RFC 5958 §3) by PBES2 (RFC 8018 §6.2).
//!
//! ```text
//! key  = scrypt(passphrase, salt; N, r, p)               RFC 7914
//! text = AES-256-CBC(key, iv, PKCS#8 with padding)       NIST SP 800-38A
//! ```
//! There is no tag in it: who can write the file can alter the key, or make it another.

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

/// log₂ N, r and p: 16 MiB, five times. OpenSSL refuses files that need 32 MiB; what is missing in memory p makes up for in
/// time (OWASP Password Storage Cheat Sheet has this among its equals).
const SCRYPT: (u8, u32, u32) = (14, 8, 5);

/// What a file may ask for at most: memory of scrypt in bytes (128·N·r), its work (N·r·p), and rounds of PBKDF2.
const MOST_MEMORY: u64 = 1 << 28;
const MOST_WORK: u64 = 1 << 23;
const MOST_ROUNDS: u32 = 10_000_000;

/// The document that holds `pkcs8` under the passphrase.
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

/// What a document holds, by [`seal`] or by openssl.
pub(super) fn open(document: &[u8], passphrase: &Passphrase) -> Result<Pkcs8Key, PemError> {
    let sealed = EncryptedPrivateKeyInfoRef::try_from(document).map_err(|_| PemError::Unsupported)?;
    let parameters = sealed.encryption_algorithm.pbes2().ok_or(PemError::Unsupported)?;
    if !cost_within_limits(&parameters.kdf) {
        return Err(PemError::CostTooHigh);
    }
    let mut pkcs8 = Secret::new(sealed.encrypted_data.as_bytes().to_vec());
    let opened = parameters.decrypt_in_place(passphrase.expose(), pkcs8.expose_mut());
    let length = opened.map_err(refusal)?.len();
    pkcs8.expose_mut().truncate(length);
    Ok(Pkcs8Key::new(pkcs8))
}

fn refusal(error: Error) -> PemError {
    match error {
        Error::UnsupportedAlgorithm { .. } | Error::NoPbes1CryptSupport => PemError::Unsupported,
        _ => PemError::CannotOpen,
    }
}

/// Whether the derivation has parameters, and not too high ones.
fn cost_within_limits(kdf: &Kdf) -> bool {
    match kdf {
        Kdf::Pbkdf2(Pbkdf2Params { iteration_count, .. }) => (1..=MOST_ROUNDS).contains(iteration_count),
        Kdf::Scrypt(ScryptParams { cost_parameter: n, block_size, parallelization, .. }) => {
            let (r, p) = (u64::from(*block_size), u64::from(*parallelization));
            let memory = n.checked_mul(128 * r);
            let work = n.checked_mul(r * p);
            n.is_power_of_two()
                && *n > 1
                && memory.is_some_and(|memory| (1..=MOST_MEMORY).contains(&memory))
                && work.is_some_and(|work| (1..=MOST_WORK).contains(&work))
        }
        _ => false,
    }
}
