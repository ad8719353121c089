//! Judging certificates during the handshake.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::super::error::TransferError;
use super::super::tls::provider;
use super::trust::unusable;
use crate::crypto::CertificateFingerprint;

/// What the certificate of one server must be.
#[derive(Debug)]
pub(in crate::transfer) enum ExpectedCertificate {
    /// One of these.
    Pinned { fingerprints: Vec<CertificateFingerprint>, by: String },
    /// Vouched for by an authority.
    Vouched { verifier: Arc<WebPkiServerVerifier>, by: String },
    /// Nobody knows.
    Nothing,
}

impl ExpectedCertificate {
    pub(in crate::transfer) fn by_authorities(roots: &Arc<RootCertStore>, by: &str) -> Result<Self, TransferError> {
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), provider()).build();
        let verifier = verifier.map_err(|error| unusable(Path::new(by), error))?;
        Ok(Self::Vouched { verifier, by: by.into() })
    }
}

/// Why a certificate was not accepted.
#[derive(Debug, Clone)]
pub(in crate::transfer) enum Refusal {
    /// Nothing is known of it, or no authority vouches for it.
    Unknown { fingerprint: CertificateFingerprint, reason: String },
    /// It should be another.
    Other { fingerprint: CertificateFingerprint, known: String, by: String },
    /// A data connection has another one than the control connection.
    OtherOnData { fingerprint: CertificateFingerprint, known: CertificateFingerprint },
}

#[derive(Debug, Default)]
struct Seen {
    accepted: Option<CertificateFingerprint>,
    refused: Option<Refusal>,
}

/// Judges the certificates of one session: that of the control connection by what is expected, those of data connections
/// by that of the control connection. The signature of each handshake is verified in any case.
#[derive(Debug)]
pub(in crate::transfer) struct CertificateVerifier {
    expected: ExpectedCertificate,
    provider: Arc<CryptoProvider>,
    seen: Mutex<Seen>,
}

impl CertificateVerifier {
    pub(in crate::transfer) fn new(expected: ExpectedCertificate) -> Self {
        Self { expected, provider: provider(), seen: Mutex::default() }
    }

    /// The server's certificate, once it was accepted.
    pub(in crate::transfer) fn accepted(&self) -> Option<CertificateFingerprint> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).accepted
    }

    /// Why a certificate was refused, if one was.
    pub(in crate::transfer) fn refused(&self) -> Option<Refusal> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).refused.clone()
    }

    fn judge(
        &self,
        fingerprint: CertificateFingerprint,
        by_authority: impl Fn(&WebPkiServerVerifier) -> Option<Error>,
    ) -> Result<(), Refusal> {
        if let Some(known) = self.accepted().filter(|accepted| *accepted != fingerprint) {
            return Err(Refusal::OtherOnData { fingerprint, known });
        }
        match &self.expected {
            ExpectedCertificate::Pinned { fingerprints, .. } if fingerprints.contains(&fingerprint) => Ok(()),
            ExpectedCertificate::Pinned { fingerprints, by } => {
                let known: Vec<_> = fingerprints.iter().map(ToString::to_string).collect();
                Err(Refusal::Other { fingerprint, known: known.join(" or "), by: by.clone() })
            }
            ExpectedCertificate::Vouched { verifier, by } => by_authority(verifier).map_or(Ok(()), |error| {
                Err(Refusal::Unknown { fingerprint, reason: format!("by the authorities in {by}: {error}") })
            }),
            ExpectedCertificate::Nothing => {
                Err(Refusal::Unknown { fingerprint, reason: "nothing here says that it is the right one".into() })
            }
        }
    }
}

impl ServerCertVerifier for CertificateVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let fingerprint = CertificateFingerprint::of(end_entity);
        let by_authority = |verifier: &WebPkiServerVerifier| {
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now).err()
        };
        let verdict = self.judge(fingerprint, by_authority);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match verdict {
            Ok(()) => {
                seen.accepted = Some(fingerprint);
                Ok(ServerCertVerified::assertion())
            }
            Err(refusal) => {
                seen.refused = Some(refusal);
                Err(CertificateError::ApplicationVerificationFailure.into())
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
