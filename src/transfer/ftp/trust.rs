//! Whether a server is the right one: by a pin, by an authority, or because it was met before.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::super::error::TransferError;
use crate::crypto::CertificateFingerprint;
use crate::foundation::ownership;

/// How the server is told from others.
#[derive(Debug, Clone, Default)]
pub enum ServerTrust {
    /// It was met before; else somebody is asked.
    #[default]
    Known,
    /// It has one of these certificates, as this option says.
    Pinned {
        /// Of the certificates.
        fingerprints: Vec<CertificateFingerprint>,
        /// Who says so.
        by: String,
    },
    /// One of these authorities vouches for its name (RFC 5280, RFC 6125).
    Authorities {
        /// The authorities.
        roots: Arc<RootCertStore>,
        /// Who names them.
        by: String,
    },
}

impl ServerTrust {
    /// The server has exactly one of the certificates in the PEM file at `path`.
    ///
    /// # Errors
    /// [`TransferError::Local`] if there is none.
    pub fn from_certificates(path: &Path) -> Result<Self, TransferError> {
        let fingerprints =
            certificates(path)?.iter().map(|certificate| CertificateFingerprint::of(certificate)).collect();
        Ok(Self::Pinned { fingerprints, by: path.display().to_string() })
    }

    /// The authorities in the PEM file at `path` vouch for the server.
    ///
    /// # Errors
    /// [`TransferError::Local`] if there is none, or one that can be none.
    pub fn from_authorities(path: &Path) -> Result<Self, TransferError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|error| unusable(path, error))?;
        }
        Ok(Self::Authorities { roots: Arc::new(roots), by: path.display().to_string() })
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TransferError> {
    let mut pem = Vec::new();
    let read = ownership::open(path).and_then(|mut file| file.read_to_end(&mut pem));
    read.map_err(|source| TransferError::Local { place: path.display().to_string(), source })?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(unusable(path, "there is no certificate in it (PEM)")),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(unusable(path, error.to_string())),
    }
}

pub(super) fn unusable(path: &Path, reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TransferError {
    TransferError::Local { place: path.display().to_string(), source: std::io::Error::other(reason) }
}
