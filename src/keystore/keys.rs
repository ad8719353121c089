//! The user's named keys, in files that openssl can read.
//!
//! ```text
//! <state>/identities/<name>.pem    Ed25519, PKCS#8; encrypted if a passphrase was given
//!                    <name>.pub    public key, SPKI
//! <state>/rsa/<name>.pem, .pub     RSA keys in the same formats
//! ```
//! Directories have mode 0700 and private keys 0600. A process that creates a key holds `.lock` in its directory.
//!
//! With the public key, a fingerprint can be shown without a passphrase. Whenever the private key is read, the two are
//! compared.

use std::path::PathBuf;

use super::error::KeyStoreError;
use super::key_directory::KeyDirectory;
use super::key_file;
use super::key_name::KeyName;
use crate::crypto::{IdentityKey, KeyFingerprint, Passphrase};
use crate::foundation::random::Randomness;

/// The named keys in a state directory.
#[derive(Debug, Clone)]
pub struct KeyFiles {
    identities: KeyDirectory,
    pub(super) rsa: KeyDirectory,
}

/// The public part of an identity.
#[derive(Debug, Clone)]
pub struct PublicIdentity {
    /// Name of the key.
    pub name: KeyName,
    /// Fingerprint of the public key.
    pub fingerprint: KeyFingerprint,
    /// File of the private key.
    pub file: PathBuf,
    /// Whether the private key is encrypted with a passphrase.
    pub protected: bool,
}

impl KeyFiles {
    /// Uses the state directory `root`, which is created together with the first key.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self { identities: KeyDirectory::new(root.join("identities")), rsa: KeyDirectory::new(root.join("rsa")) }
    }

    /// Returns the path of the identity of this name, whether it exists or not.
    ///
    /// # Errors
    /// [`KeyStoreError::KeyName`] if the name is invalid.
    pub fn identity_file(&self, name: &str) -> Result<PathBuf, KeyStoreError> {
        Ok(self.identities.private_file(&name.parse()?))
    }

    /// Reads the identity of this name, if it exists.
    ///
    /// # Errors
    /// [`KeyStoreError::KeyName`] if the name is invalid; [`KeyStoreError::Io`], [`KeyStoreError::KeyFile`] and
    /// [`KeyStoreError::Key`] if the key cannot be read; [`KeyStoreError::PublicKeyMismatch`].
    pub fn identity(&self, name: &str, passphrase: Option<&Passphrase>) -> Result<Option<IdentityKey>, KeyStoreError> {
        self.open_identity(&name.parse()?, passphrase)
    }

    /// Reads the identity of this name, or creates it if it does not exist; the flag tells whether it was created.
    /// Concurrent processes get the same identity.
    ///
    /// # Errors
    /// As [`KeyFiles::identity`]; [`KeyStoreError::NewKey`] and [`KeyStoreError::Encrypt`] if it cannot be created.
    pub fn identity_or_new(
        &self,
        name: &str,
        passphrase: Option<&Passphrase>,
        random: &mut Randomness,
    ) -> Result<(IdentityKey, bool), KeyStoreError> {
        let name = name.parse()?;
        let open = || self.open_identity(&name, passphrase);
        open_or_create(&self.identities, open, || self.create_identity(&name, passphrase, random))
    }

    /// Creates an identity.
    ///
    /// # Errors
    /// [`KeyStoreError::NameTaken`] if the name exists: no identity is ever replaced. Also as
    /// [`KeyFiles::identity_or_new`].
    pub fn new_identity(
        &self,
        name: &str,
        passphrase: Option<&Passphrase>,
        random: &mut Randomness,
    ) -> Result<IdentityKey, KeyStoreError> {
        let name = name.parse()?;
        let _lock = self.identities.lock()?;
        if self.identities.has(&name) {
            let path = self.identities.private_file(&name).display().to_string();
            return Err(KeyStoreError::NameTaken { path });
        }
        self.create_identity(&name, passphrase, random)
    }

    /// Returns the names and files of all identities.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`] if the directory cannot be read, or other users can change it.
    pub fn identities(&self) -> Result<Vec<(KeyName, PathBuf)>, KeyStoreError> {
        let with_file = |name: KeyName| (name.clone(), self.identities.private_file(&name));
        Ok(self.identities.names()?.into_iter().map(with_file).collect())
    }

    /// Whether the public key of an identity is stored, so that it can be shown without a passphrase.
    pub fn has_public_key(&self, name: &KeyName) -> bool {
        self.identities.public_file(name).is_file()
    }

    /// Returns the public part of an identity. If the private key is encrypted and no passphrase is given, the stored
    /// public key is trusted; without a stored one the passphrase is needed.
    ///
    /// # Errors
    /// [`KeyStoreError::NoKey`] if it does not exist, and as [`KeyFiles::identity`].
    pub fn public_identity(
        &self,
        name: &KeyName,
        passphrase: Option<&Passphrase>,
    ) -> Result<PublicIdentity, KeyStoreError> {
        let file = self.identities.private_file(name);
        let no_key = || KeyStoreError::NoKey { path: file.display().to_string() };
        if !self.identities.has(name) {
            return Err(no_key());
        }
        let protected = key_file::is_protected(&file);
        let trust_stored = protected && passphrase.is_none();
        let stored = || key_file::read_public(&self.identities.public_file(name));
        let fingerprint = match if trust_stored { stored()? } else { None } {
            Some(public_key) => KeyFingerprint::of(&public_key),
            None => self.open_identity(name, passphrase)?.ok_or_else(no_key)?.fingerprint(),
        };
        Ok(PublicIdentity { name: name.clone(), fingerprint, protected, file })
    }

    fn open_identity(
        &self,
        name: &KeyName,
        passphrase: Option<&Passphrase>,
    ) -> Result<Option<IdentityKey>, KeyStoreError> {
        let Some(private_key) = self.identities.read(name, passphrase)? else { return Ok(None) };
        let unusable = KeyStoreError::key(&self.identities.private_file(name));
        let key = IdentityKey::from_pkcs8(private_key.expose()).map_err(unusable)?;
        self.identities.verify(name, key.public_key())?;
        Ok(Some(key))
    }

    fn create_identity(
        &self,
        name: &KeyName,
        passphrase: Option<&Passphrase>,
        random: &mut Randomness,
    ) -> Result<IdentityKey, KeyStoreError> {
        let key = IdentityKey::generate()?;
        self.identities.write(name, key.pkcs8(), key.public_key(), passphrase, random)?;
        Ok(key)
    }
}

/// Returns the key that `open` finds, or else the one that `create` creates under the directory's lock. The flag tells
/// whether the key was created.
pub(super) fn open_or_create<K>(
    directory: &KeyDirectory,
    open: impl Fn() -> Result<Option<K>, KeyStoreError>,
    create: impl FnOnce() -> Result<K, KeyStoreError>,
) -> Result<(K, bool), KeyStoreError> {
    if let Some(key) = open()? {
        return Ok((key, false));
    }
    let _lock = directory.lock()?;
    match open()? {
        Some(key) => Ok((key, false)),
        None => Ok((create()?, true)),
    }
}
