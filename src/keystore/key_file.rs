//! Key files in the formats of openssl, with one key per file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::error::KeyStoreError;
use crate::crypto::{Passphrase, Pkcs8Key, RsaPrivateKey, pem};
use crate::foundation::fs::if_exists;
use crate::foundation::ownership;
use crate::foundation::secret::Secret;

/// Maximum length of a key file, in bytes: several times that of an RSA key of 8192 bits.
const MAX_KEY_FILE_BYTES: u64 = 1 << 16;

/// The content of a private key file. The file is read only once, because it may be a pipe.
pub struct PrivateKeyFile<'p> {
    path: &'p Path,
    text: Secret<String>,
}

impl<'p> PrivateKeyFile<'p> {
    /// Reads the file at `path`; its content is not parsed yet.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`], also if other users can change the file.
    pub fn read(path: &'p Path) -> Result<Self, KeyStoreError> {
        let text = ownership::open(path).and_then(read).map_err(KeyStoreError::io(path))?;
        Ok(Self { path, text })
    }

    /// Reads a key file in the state directory. It must be a regular file, so that reading never blocks.
    pub(super) fn read_own(path: &'p Path) -> Result<Self, KeyStoreError> {
        let text = ownership::open_regular(path).and_then(read).map_err(KeyStoreError::io(path))?;
        Ok(Self { path, text })
    }

    /// Whether the key is encrypted with a passphrase.
    pub fn is_protected(&self) -> bool {
        pem::is_encrypted(self.text.expose())
    }

    /// Returns the RSA key in the file.
    ///
    /// # Errors
    /// [`KeyStoreError::KeyFile`] if no key can be read, [`KeyStoreError::Key`] if it is not a suitable RSA key.
    pub fn rsa(&self, passphrase: Option<&Passphrase>) -> Result<RsaPrivateKey, KeyStoreError> {
        RsaPrivateKey::from_pkcs8(self.pkcs8(passphrase)?.expose()).map_err(KeyStoreError::key(self.path))
    }

    /// Returns the key in the file, as PKCS#8.
    pub(super) fn pkcs8(&self, passphrase: Option<&Passphrase>) -> Result<Pkcs8Key, KeyStoreError> {
        let failed = |source| KeyStoreError::KeyFile { path: self.path.display().to_string(), source };
        pem::read_private(self.text.expose(), passphrase).map_err(failed)
    }
}

/// Whether the key in a file of the state directory is encrypted with a passphrase; `false` if the file cannot be read.
pub fn is_protected(path: &Path) -> bool {
    PrivateKeyFile::read_own(path).is_ok_and(|file| file.is_protected())
}

/// Reads the public key in a file, as SPKI; `None` if the file does not exist.
pub(super) fn read_public(path: &Path) -> Result<Option<Vec<u8>>, KeyStoreError> {
    let text = if_exists(ownership::open_regular(path).and_then(read)).map_err(KeyStoreError::io(path))?;
    text.map(|text| pem::read_public(text.expose()).map_err(KeyStoreError::key(path))).transpose()
}

/// Reads a file up to the maximum length; a longer one is truncated and then fails to parse. PEM is ASCII, so the
/// encoding of other text in the file does not matter.
fn read(file: File) -> io::Result<Secret<String>> {
    let mut bytes = Secret::new(Vec::with_capacity(MAX_KEY_FILE_BYTES as usize));
    file.take(MAX_KEY_FILE_BYTES).read_to_end(bytes.expose_mut())?;
    Ok(Secret::new(String::from_utf8_lossy(bytes.expose()).into_owned()))
}
