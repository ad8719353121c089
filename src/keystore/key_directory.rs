//! A directory of named keys of one kind: private keys, each with its public key in a file beside it.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use super::error::KeyStoreError;
use super::key_file::{self, PrivateKeyFile};
use super::key_name::KeyName;
use super::state_directory;
use crate::crypto::{Passphrase, Pkcs8Key, pem};
use crate::foundation::atomic::{self, Access};
use crate::foundation::fs::if_exists;
use crate::foundation::random::Randomness;

/// Suffix of private key files.
const PRIVATE_SUFFIX: &str = ".pem";
/// Suffix of public key files.
const PUBLIC_SUFFIX: &str = ".pub";

/// A directory of keys of one kind.
#[derive(Debug, Clone)]
pub(super) struct KeyDirectory(PathBuf);

impl KeyDirectory {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Checks that no other user can change this directory or its parent.
    fn require_owned(&self) -> Result<(), KeyStoreError> {
        self.0.parent().map_or(Ok(()), state_directory::require_owned)?;
        state_directory::require_owned(&self.0)
    }

    /// Returns the path of a private key.
    pub(super) fn private_file(&self, name: &KeyName) -> PathBuf {
        self.0.join(format!("{name}{PRIVATE_SUFFIX}"))
    }

    /// Returns the path of a public key.
    pub(super) fn public_file(&self, name: &KeyName) -> PathBuf {
        self.0.join(format!("{name}{PUBLIC_SUFFIX}"))
    }

    /// Whether a key of this name exists.
    pub(super) fn has(&self, name: &KeyName) -> bool {
        self.private_file(name).symlink_metadata().is_ok()
    }

    /// Returns the sorted names of all keys.
    pub(super) fn names(&self) -> Result<Vec<KeyName>, KeyStoreError> {
        self.require_owned()?;
        let entries = if_exists(fs::read_dir(&self.0)).map_err(KeyStoreError::io(&self.0))?;
        let entries = entries.into_iter().flatten().collect::<io::Result<Vec<_>>>();
        let entries = entries.map_err(KeyStoreError::io(&self.0))?;
        let name = |entry: fs::DirEntry| entry.file_name().to_str()?.strip_suffix(PRIVATE_SUFFIX)?.parse().ok();
        let mut names: Vec<KeyName> = entries.into_iter().filter_map(name).collect();
        names.sort();
        Ok(names)
    }

    /// Creates the directory if it does not exist, and waits for its lock, under which keys are created.
    pub(super) fn lock(&self) -> Result<File, KeyStoreError> {
        self.require_owned()?;
        state_directory::create(&self.0)?;
        state_directory::lock(&self.0)
    }

    /// Reads the private key of this name, as PKCS#8; `None` if it does not exist.
    pub(super) fn read(
        &self,
        name: &KeyName,
        passphrase: Option<&Passphrase>,
    ) -> Result<Option<Pkcs8Key>, KeyStoreError> {
        self.require_owned()?;
        let read = || PrivateKeyFile::read_own(&self.private_file(name))?.pkcs8(passphrase);
        self.has(name).then(read).transpose()
    }

    /// Fails if the file beside a private key contains a public key other than `public_key`: users compare the
    /// fingerprint of that file. A missing file is accepted.
    pub(super) fn verify(&self, name: &KeyName, public_key: &[u8]) -> Result<(), KeyStoreError> {
        let path = self.public_file(name);
        match key_file::read_public(&path)? {
            Some(stored) if stored != public_key => {
                Err(KeyStoreError::PublicKeyMismatch { path: path.display().to_string() })
            }
            _ => Ok(()),
        }
    }

    /// Writes both files, the public key first. So a private key always has its public key, and a public key that an
    /// interrupted process left without a private key is replaced.
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
