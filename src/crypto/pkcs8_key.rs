//! Encoded private keys.

use crate::foundation::secret::Secret;

/// A private key as PKCS#8 in DER (RFC 5958).
#[derive(Debug)]
pub struct Pkcs8Key(Secret<Vec<u8>>);

impl Pkcs8Key {
    /// Wraps the document `der`.
    pub(super) fn new(der: Secret<Vec<u8>>) -> Self {
        Self(der)
    }

    /// Returns the document, for parsing or storing the key.
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}
