//! How a server's certificate is authenticated: by a pin, by a certificate authority, or by trust on first use.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::super::error::TransferError;
use crate::crypto::CertificateFingerprint;
use crate::foundation::ownership;

/// How a server is authenticated.
#[derive(Debug, Clone, Default)]
pub enum ServerTrust {
    /// The certificate is the one that was remembered; if none was, the user is asked.
    #[default]
    Known,
    /// The certificate is one of these.
    Pinned {
        /// SHA-256 fingerprints of the certificates.
        fingerprints: Vec<CertificateFingerprint>,
        /// The option or file that they come from.
        source: String,
    },
    /// The certificate is signed by one of these authorities and valid for the host name (RFC 5280, RFC 6125).
    Authorities {
        /// The certificates of the authorities.
        roots: Arc<RootCertStore>,
        /// The file that they come from.
        source: String,
    },
}

impl ServerTrust {
    /// Pins the certificates in the PEM file at `path`.
    ///
    /// # Errors
    /// [`TransferError::Local`] if the file cannot be read or contains no certificate.
    pub fn from_certificates(path: &Path) -> Result<Self, TransferError> {
        let fingerprints =
            certificates(path)?.iter().map(|certificate| CertificateFingerprint::of(certificate)).collect();
        Ok(Self::Pinned { fingerprints, source: path.display().to_string() })
    }

    /// Trusts the certificate authorities in the PEM file at `path`.
    ///
    /// # Errors
    /// [`TransferError::Local`] if the file cannot be read, or contains no certificate or an invalid one.
    pub fn from_authorities(path: &Path) -> Result<Self, TransferError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|error| unusable(path, error))?;
        }
        Ok(Self::Authorities { roots: Arc::new(roots), source: path.display().to_string() })
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TransferError> {
    let mut pem = Vec::new();
    let read = ownership::open(path).and_then(|mut file| file.read_to_end(&mut pem));
    read.map_err(TransferError::local(path))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(unusable(path, "it contains no PEM certificate")),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(unusable(path, error.to_string())),
    }
}

/// An error of the certificate file at `path`.
pub(super) fn unusable(path: &Path, reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TransferError {
    TransferError::local(path)(io::Error::other(reason))
}
