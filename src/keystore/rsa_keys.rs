//! Named RSA keys of this user's.

use std::path::PathBuf;

use super::error::KeyStoreError;
use super::key_name::KeyName;
use super::keys::{KeyFiles, open_or_create};
use crate::crypto::{Passphrase, RsaBits, RsaPrivateKey};
use crate::foundation::random::Randomness;

impl KeyFiles {
    /// Where the RSA key of this name lies or would lie.
    ///
    /// # Errors
    /// [`KeyStoreError::KeyName`].
    pub fn rsa_file(&self, name: &str) -> Result<PathBuf, KeyStoreError> {
        Ok(self.rsa.private_file(&name.parse()?))
    }

    /// The RSA key of this name and where it lies; made with so many bits if there is none, and whether it was.
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
        let (key, made) = open_or_create(&self.rsa, open, || self.make_rsa(&name, bits, passphrase, random))?;
        Ok((key, self.rsa.private_file(&name), made))
    }

    fn open_rsa(
        &self,
        name: &KeyName,
        passphrase: Option<&Passphrase>,
    ) -> Result<Option<RsaPrivateKey>, KeyStoreError> {
        let Some(document) = self.rsa.read(name, passphrase)? else { return Ok(None) };
        let unfit = KeyStoreError::key(&self.rsa.private_file(name));
        let key = RsaPrivateKey::from_pkcs8(document.expose()).map_err(unfit)?;
        self.rsa.verify(name, key.public_key().spki())?;
        Ok(Some(key))
    }

    fn make_rsa(
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
