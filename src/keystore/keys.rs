//! Named keys of this user's, each in a file that openssl reads.
//!
//! ```text
//! <state>/identities/<name>.pem    Ed25519, PKCS#8; under a passphrase if one was given
//!                    <name>.pub    its public key, SPKI
//! <state>/rsa/<name>.pem, .pub     RSA, the same
//! ```
//! Directories are 0700 and private keys 0600. A `.lock` in each folder is held by whoever makes a key there.

use std::path::PathBuf;

use super::error::KeyStoreError;
use super::key_file;
use super::key_folder::KeyFolder;
use super::key_name::KeyName;
use crate::crypto::{IdentityKey, KeyFingerprint, Passphrase};
use crate::foundation::random::Randomness;

/// The keys in a state directory.
#[derive(Debug, Clone)]
pub struct KeyFiles {
    identities: KeyFolder,
    pub(super) rsa: KeyFolder,
}

/// An identity as everybody may know it.
#[derive(Debug, Clone)]
pub struct PublicIdentity {
    /// Its name here.
    pub name: KeyName,
    /// What it is known by.
    pub fingerprint: KeyFingerprint,
    /// Where its private key lies.
    pub file: PathBuf,
    /// Whether that takes a passphrase.
    pub protected: bool,
}

impl KeyFiles {
    /// Those in the state directory `root`, which is made when the first key is.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self { identities: KeyFolder::new(root.join("identities")), rsa: KeyFolder::new(root.join("rsa")) }
    }

    /// Where the identity of this name lies or would lie.
    ///
    /// # Errors
    /// [`KeyStoreError::KeyName`].
    pub fn identity_file(&self, name: &str) -> Result<PathBuf, KeyStoreError> {
        Ok(self.identities.private_file(&name.parse()?))
    }

    /// The identity of this name, if there is one.
    ///
    /// # Errors
    /// [`KeyStoreError::KeyName`], [`KeyStoreError::Io`], [`KeyStoreError::KeyFile`], [`KeyStoreError::Key`],
    /// [`KeyStoreError::OtherPublicKey`].
    pub fn identity(&self, name: &str, passphrase: Option<&Passphrase>) -> Result<Option<IdentityKey>, KeyStoreError> {
        self.open_identity(&name.parse()?, passphrase)
    }

    /// The identity of this name, made if there is none; whether it was. Those that begin at once get the same.
    ///
    /// # Errors
    /// As [`KeyFiles::identity`], and [`KeyStoreError::NewKey`].
    pub fn identity_or_new(
        &self,
        name: &str,
        passphrase: Option<&Passphrase>,
        random: &mut Randomness,
    ) -> Result<(IdentityKey, bool), KeyStoreError> {
        let name = name.parse()?;
        let open = || self.open_identity(&name, passphrase);
        open_or_create(&self.identities, open, || self.make_identity(&name, passphrase, random))
    }

    /// A new identity.
    ///
    /// # Errors
    /// [`KeyStoreError::NameTaken`]: none is ever replaced. Also as [`KeyFiles::identity_or_new`].
    pub fn new_identity(
        &self,
        name: &str,
        passphrase: Option<&Passphrase>,
        random: &mut Randomness,
    ) -> Result<IdentityKey, KeyStoreError> {
        let name = name.parse()?;
        let _lock = self.identities.lock()?;
        if self.identities.has(&name) {
            let place = self.identities.private_file(&name).display().to_string();
            return Err(KeyStoreError::NameTaken { place });
        }
        self.make_identity(&name, passphrase, random)
    }

    /// Names of the identities that are here, and where each lies.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`].
    pub fn identities(&self) -> Result<Vec<(KeyName, PathBuf)>, KeyStoreError> {
        let with_file = |name: KeyName| (name.clone(), self.identities.private_file(&name));
        Ok(self.identities.names()?.into_iter().map(with_file).collect())
    }

    /// Whether an identity's public key lies beside it, so that it can be shown without a passphrase.
    pub fn has_public_key(&self, name: &KeyName) -> bool {
        self.identities.public_file(name).is_file()
    }

    /// What everybody may know of an identity. Of one under a passphrase that is not given, the public key beside it is
    /// believed; if that is gone, it takes the passphrase.
    ///
    /// # Errors
    /// [`KeyStoreError::NoKey`], and as [`KeyFiles::identity`].
    pub fn public_identity(
        &self,
        name: &KeyName,
        passphrase: Option<&Passphrase>,
    ) -> Result<PublicIdentity, KeyStoreError> {
        let file = self.identities.private_file(name);
        let no_key = || KeyStoreError::NoKey { place: file.display().to_string() };
        if !self.identities.has(name) {
            return Err(no_key());
        }
        let protected = key_file::is_protected(&file);
        let believed = protected && passphrase.is_none();
        let beside = || key_file::read_public(&self.identities.public_file(name));
        let fingerprint = match if believed { beside()? } else { None } {
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
        let Some(document) = self.identities.read(name, passphrase)? else { return Ok(None) };
        let unfit = KeyStoreError::key(&self.identities.private_file(name));
        let key = IdentityKey::from_pkcs8(document.expose()).map_err(unfit)?;
        self.identities.verify(name, key.public_key())?;
        Ok(Some(key))
    }

    fn make_identity(
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

/// What `open` finds; else, once nobody else makes one, what `make` makes.
pub(super) fn open_or_create<K>(
    folder: &KeyFolder,
    open: impl Fn() -> Result<Option<K>, KeyStoreError>,
    make: impl FnOnce() -> Result<K, KeyStoreError>,
) -> Result<(K, bool), KeyStoreError> {
    if let Some(key) = open()? {
        return Ok((key, false));
    }
    let _lock = folder.lock()?;
    match open()? {
        Some(key) => Ok((key, false)),
        None => Ok((make()?, true)),
    }
}
