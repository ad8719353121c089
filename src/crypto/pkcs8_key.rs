//! Private keys as documents.

use crate::foundation::secret::Secret;

/// A private key as PKCS#8 in DER (RFC 5958).
#[derive(Debug)]
pub struct Pkcs8Key(Secret<Vec<u8>>);

impl Pkcs8Key {
    /// What is in `der`.
    pub(super) fn new(der: Secret<Vec<u8>>) -> Self {
        Self(der)
    }

    /// The document, for who reads the key or writes it down.
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}
