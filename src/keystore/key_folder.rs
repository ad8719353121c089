//! A folder of named keys of one kind: for each the private key, and the public one beside it.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::error::KeyStoreError;
use super::key_file::{self, PrivateKeyFile};
use super::key_name::KeyName;
use super::private;
use crate::crypto::{Passphrase, Pkcs8Key, pem};
use crate::foundation::atomic::{self, Access};
use crate::foundation::random::Randomness;

/// Ends the names of files with private keys.
const PRIVATE: &str = ".pem";
/// Ends those of files with public keys.
const PUBLIC: &str = ".pub";

/// Where keys of one kind lie.
#[derive(Debug, Clone)]
pub(super) struct KeyFolder(PathBuf);

impl KeyFolder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Fails unless nobody but this user and root can put keys here, or folders of keys beside it.
    fn require_private(&self) -> Result<(), KeyStoreError> {
        self.0.parent().map_or(Ok(()), private::require)?;
        private::require(&self.0)
    }

    /// Where a private key lies.
    pub(super) fn private_file(&self, name: &KeyName) -> PathBuf {
        self.0.join(format!("{name}{PRIVATE}"))
    }

    /// Where a public key lies.
    pub(super) fn public_file(&self, name: &KeyName) -> PathBuf {
        self.0.join(format!("{name}{PUBLIC}"))
    }

    /// Whether there is a key of this name.
    pub(super) fn has(&self, name: &KeyName) -> bool {
        self.private_file(name).symlink_metadata().is_ok()
    }

    /// Names of the keys that are here.
    pub(super) fn names(&self) -> Result<Vec<KeyName>, KeyStoreError> {
        self.require_private()?;
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            outcome => outcome.map_err(KeyStoreError::io(&self.0))?,
        };
        let entries = entries.collect::<io::Result<Vec<_>>>().map_err(KeyStoreError::io(&self.0))?;
        let name = |entry: fs::DirEntry| entry.file_name().to_str()?.strip_suffix(PRIVATE)?.parse().ok();
        let mut names: Vec<KeyName> = entries.into_iter().filter_map(name).collect();
        names.sort();
        Ok(names)
    }

    /// Whoever makes a key here holds it.
    pub(super) fn lock(&self) -> Result<File, KeyStoreError> {
        self.require_private()?;
        private::directory(&self.0)?;
        private::lock(&self.0)
    }

    /// The private key of this name, as PKCS#8.
    pub(super) fn read(
        &self,
        name: &KeyName,
        passphrase: Option<&Passphrase>,
    ) -> Result<Option<Pkcs8Key>, KeyStoreError> {
        self.require_private()?;
        let read = || PrivateKeyFile::read_own(&self.private_file(name))?.pkcs8(passphrase);
        self.has(name).then(read).transpose()
    }

    /// That the public key beside a private one, if it is still there, belongs to it: people compare its fingerprint.
    pub(super) fn verify(&self, name: &KeyName, public_key: &[u8]) -> Result<(), KeyStoreError> {
        let path = self.public_file(name);
        match key_file::read_public(&path)? {
            Some(beside) if beside != public_key => Err(other(&path)),
            _ => Ok(()),
        }
    }

    /// Writes both. The public one first: a private key never lacks it, and without that it is replaced.
    pub(super) fn write(
        &self,
        name: &KeyName,
        private_key: &Pkcs8Key,
        public_key: &[u8],
        passphrase: Option<&Passphrase>,
        random: &mut Randomness,
    ) -> Result<(), KeyStoreError> {
        let (public_file, private_file) = (self.public_file(name), self.private_file(name));
        let public_pem = pem::write_public(public_key).map_err(KeyStoreError::key(&public_file))?;
        let private_pem = pem::write_private(private_key, passphrase, random)?;
        let io = KeyStoreError::io(&public_file);
        atomic::write(&public_file, public_pem.as_bytes(), Access::Public).map_err(io)?;
        let io = KeyStoreError::io(&private_file);
        atomic::write(&private_file, private_pem.expose().as_bytes(), Access::Private).map_err(io)
    }
}

fn other(path: &Path) -> KeyStoreError {
    KeyStoreError::OtherPublicKey { place: path.display().to_string() }
}
