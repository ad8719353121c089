//! Keys in PEM (RFC 7468), PKCS#8 and SPKI, compatible with OpenSSL.

use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::pem::{LineEnding, decode_label, encode_string};
use pkcs8::der::{Document, SecretDocument};

use super::error::{EncryptError, KeyError, PemError};
use super::passphrase::Passphrase;
use super::pbes2;
use super::pkcs8_key::Pkcs8Key;
use crate::foundation::random::Randomness;
use crate::foundation::secret::Secret;

/// The label of a private key (RFC 7468 §10).
const PRIVATE: &str = "PRIVATE KEY";
/// The label of an encrypted private key (RFC 7468 §11).
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
/// The label of a public key (RFC 7468 §13).
const PUBLIC: &str = "PUBLIC KEY";

/// Writes a private key as PEM, encrypted if there is a passphrase.
///
/// # Errors
/// [`EncryptError::Failed`] if the key cannot be derived from the passphrase for lack of memory.
pub fn write_private(
    pkcs8: &Pkcs8Key,
    passphrase: Option<&Passphrase>,
    random: &mut Randomness,
) -> Result<Secret<String>, EncryptError> {
    let text = match passphrase {
        None => encode_string(PRIVATE, LineEnding::LF, pkcs8.expose()),
        Some(passphrase) => encode_string(ENCRYPTED, LineEnding::LF, &pbes2::seal(pkcs8, passphrase, random)?),
    };
    text.map(Secret::new).map_err(|_| EncryptError::Failed)
}

/// Reads a private key in PEM that [`write_private`] or OpenSSL wrote.
///
/// # Errors
/// [`PemError`]: the text contains no PKCS#8 key, or the key is encrypted and cannot be decrypted.
pub fn read_private(text: &str, passphrase: Option<&Passphrase>) -> Result<Pkcs8Key, PemError> {
    let Some(block) = private_block(text) else {
        return Err(if text.contains("-----BEGIN RSA PRIVATE KEY-----") { PemError::Pkcs1 } else { PemError::NotPem });
    };
    let (label, document) = SecretDocument::from_pem(block).map_err(|_| PemError::NotPem)?;
    let pkcs8 = match (label, passphrase) {
        (PRIVATE, _) => Pkcs8Key::new(Secret::new(document.as_bytes().to_vec())),
        (_, None) => return Err(PemError::PassphraseNeeded),
        (_, Some(passphrase)) => pbes2::open(document.as_bytes(), passphrase)?,
    };
    match PrivateKeyInfoRef::try_from(pkcs8.expose()) {
        Ok(_) => Ok(pkcs8),
        Err(_) if label == PRIVATE => Err(PemError::NotPem),
        // PBES2 has no tag: decryption with a wrong passphrase occasionally yields valid padding.
        Err(_) => Err(PemError::WrongPassphrase),
    }
}

/// Returns whether the private key in `text` is encrypted.
pub fn is_encrypted(text: &str) -> bool {
    private_block(text).and_then(|block| decode_label(block.as_bytes()).ok()) == Some(ENCRYPTED)
}

/// Returns the first private key block in `text`, which may also contain certificates and other text (RFC 7468 §2).
fn private_block(text: &str) -> Option<&str> {
    let block = |label| {
        let begin = text.find(&format!("-----BEGIN {label}-----"))?;
        let (rest, end) = (text.get(begin..)?, format!("-----END {label}-----"));
        rest.get(..rest.find(&end)? + end.len())
    };
    [PRIVATE, ENCRYPTED].into_iter().filter_map(block).min_by_key(|block| block.as_ptr())
}

/// Writes a public key (SPKI in DER) as PEM.
///
/// # Errors
/// [`KeyError::WrongType`] if it is too long for PEM.
pub fn write_public(spki: &[u8]) -> Result<String, KeyError> {
    encode_string(PUBLIC, LineEnding::LF, spki).map_err(|_| KeyError::WrongType)
}

/// Reads a public key in PEM; returns the SPKI in DER.
///
/// # Errors
/// [`KeyError::WrongType`] if the text is not a PEM document with the label "PUBLIC KEY".
pub fn read_public(text: &str) -> Result<Vec<u8>, KeyError> {
    let (label, document) = Document::from_pem(text).map_err(|_| KeyError::WrongType)?;
    if label == PUBLIC { Ok(document.into_vec()) } else { Err(KeyError::WrongType) }
}
