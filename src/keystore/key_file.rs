//! Private keys in files of their own, as openssl has them.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::error::KeyStoreError;
use crate::crypto::{Passphrase, Pkcs8Key, RsaPrivateKey, pem};
use crate::foundation::ownership;
use crate::foundation::secret::Secret;

/// The longest file, in bytes: several times that of an RSA key of 8192 bits.
const LONGEST: u64 = 1 << 16;

/// A private key of the user's: its file is read once, for it may be a pipe.
pub struct PrivateKeyFile<'p> {
    path: &'p Path,
    text: Secret<String>,
}

impl<'p> PrivateKeyFile<'p> {
    /// The file at `path`, whatever is in it.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`].
    pub fn read(path: &'p Path) -> Result<Self, KeyStoreError> {
        let text = ownership::open(path).and_then(read).map_err(KeyStoreError::io(path))?;
        Ok(Self { path, text })
    }

    /// The same of a key in a state: what is no regular file there is nobody's key, and not waited for.
    pub(super) fn read_own(path: &'p Path) -> Result<Self, KeyStoreError> {
        let text = ownership::open_regular(path).and_then(read).map_err(KeyStoreError::io(path))?;
        Ok(Self { path, text })
    }

    /// Whether it takes a passphrase to use the key.
    pub fn is_protected(&self) -> bool {
        pem::is_encrypted(self.text.expose())
    }

    /// The RSA key in it.
    ///
    /// # Errors
    /// [`KeyStoreError::KeyFile`], [`KeyStoreError::Key`].
    pub fn rsa(&self, passphrase: Option<&Passphrase>) -> Result<RsaPrivateKey, KeyStoreError> {
        RsaPrivateKey::from_pkcs8(self.pkcs8(passphrase)?.expose()).map_err(KeyStoreError::key(self.path))
    }

    /// The key in it, as PKCS#8.
    pub(super) fn pkcs8(&self, passphrase: Option<&Passphrase>) -> Result<Pkcs8Key, KeyStoreError> {
        let failed = |source| KeyStoreError::KeyFile { place: self.path.display().to_string(), source };
        pem::read_private(self.text.expose(), passphrase).map_err(failed)
    }
}

/// Whether it takes a passphrase to use the key in a file of a state; one that cannot be read takes none.
pub fn is_protected(path: &Path) -> bool {
    PrivateKeyFile::read_own(path).is_ok_and(|file| file.is_protected())
}

/// The public key in a file, as SPKI; nothing if there is no file.
pub(super) fn read_public(path: &Path) -> Result<Option<Vec<u8>>, KeyStoreError> {
    match ownership::open_regular(path).and_then(read) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        outcome => {
            let text = outcome.map_err(KeyStoreError::io(path))?;
            pem::read_public(text.expose()).map(Some).map_err(KeyStoreError::key(path))
        }
    }
}

/// What is longer is cut off, and then no key. PEM is ASCII: text before it does no harm, in any encoding.
fn read(file: File) -> io::Result<Secret<String>> {
    let mut bytes = Secret::new(Vec::with_capacity(LONGEST as usize));
    file.take(LONGEST).read_to_end(bytes.expose_mut())?;
    Ok(Secret::new(String::from_utf8_lossy(bytes.expose()).into_owned()))
}
