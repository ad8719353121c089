//! The user's named RSA keys.

use std::path::PathBuf;

use super::error::KeyStoreError;
use super::key_name::KeyName;
use super::keys::{KeyFiles, open_or_create};
use crate::crypto::{Passphrase, RsaBits, RsaPrivateKey};
use crate::foundation::random::Randomness;

impl KeyFiles {
    /// Returns the path of the RSA key of this name, whether it exists or not.
    ///
    /// # Errors
    /// [`KeyStoreError::KeyName`] if the name is invalid.
    pub fn rsa_file(&self, name: &str) -> Result<PathBuf, KeyStoreError> {
        Ok(self.rsa.private_file(&name.parse()?))
    }

    /// Reads the RSA key of this name, or creates one of `bits` bits if it does not exist. Returns the key, its file,
    /// and whether it was created.
    ///
    /// # Errors
    /// As [`KeyFiles::identity_or_new`].
    pub fn rsa_or_new(
        &self,
        name: &str,
        bits: RsaBits,
        passphrase: Option<&Passphrase>,
        random: &mut Randomness,
    ) -> Result<(RsaPrivateKey, PathBuf, bool), KeyStoreError> {
        let name = name.parse()?;
        let open = || self.open_rsa(&name, passphrase);
        let (key, is_new) = open_or_create(&self.rsa, open, || self.create_rsa(&name, bits, passphrase, random))?;
        Ok((key, self.rsa.private_file(&name), is_new))
    }

    fn open_rsa(
        &self,
        name: &KeyName,
        passphrase: Option<&Passphrase>,
    ) -> Result<Option<RsaPrivateKey>, KeyStoreError> {
        let Some(private_key) = self.rsa.read(name, passphrase)? else { return Ok(None) };
        let unusable = KeyStoreError::key(&self.rsa.private_file(name));
        let key = RsaPrivateKey::from_pkcs8(private_key.expose()).map_err(unusable)?;
        self.rsa.verify(name, key.public_key().spki())?;
        Ok(Some(key))
    }

    fn create_rsa(
        &self,
        name: &KeyName,
        bits: RsaBits,
        passphrase: Option<&Passphrase>,
        random: &mut Randomness,
    ) -> Result<RsaPrivateKey, KeyStoreError> {
        let key = RsaPrivateKey::generate(bits)?;
        self.rsa.write(name, key.pkcs8(), key.public_key().spki(), passphrase, random)?;
        Ok(key)
    }
}
