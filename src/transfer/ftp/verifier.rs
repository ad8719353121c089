//! Verifies the server's certificate during TLS handshakes.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::super::error::TransferError;
use super::super::tls::provider;
use super::trust::unusable;
use crate::crypto::CertificateFingerprint;

/// Which certificate a server must have.
#[derive(Debug)]
pub(super) enum ExpectedCertificate {
    /// One of these; `source` is the option or file that they come from.
    Pinned { fingerprints: Vec<CertificateFingerprint>, source: String },
    /// One signed by an authority; `source` is the file with the authorities.
    CaSigned { verifier: Arc<WebPkiServerVerifier>, source: String },
    /// Nothing is known, so that every certificate is refused.
    Unknown,
}

impl ExpectedCertificate {
    pub(super) fn ca_signed(roots: &Arc<RootCertStore>, source: &str) -> Result<Self, TransferError> {
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), provider()).build();
        let verifier = verifier.map_err(|error| unusable(Path::new(source), error))?;
        Ok(Self::CaSigned { verifier, source: source.into() })
    }
}

/// Why a certificate was refused.
#[derive(Debug, Clone)]
pub(super) enum Refusal {
    /// Nothing is pinned or remembered for this server, or the verification with the authorities failed.
    Untrusted { fingerprint: CertificateFingerprint, reason: String },
    /// It is not the pinned or remembered one.
    Mismatch { expected: String, expected_by: String, found: CertificateFingerprint },
    /// A data connection has a different one from the control connection.
    DataMismatch { expected: CertificateFingerprint, found: CertificateFingerprint },
}

#[derive(Debug, Default)]
struct Verdict {
    accepted: Option<CertificateFingerprint>,
    refusal: Option<Refusal>,
}

/// Verifies the certificates of one session: that of the control connection must be the expected one, those of data
/// connections must be equal to it. The signature of each handshake is always verified.
#[derive(Debug)]
pub(super) struct CertificateVerifier {
    expected: ExpectedCertificate,
    provider: Arc<CryptoProvider>,
    verdict: Mutex<Verdict>,
}

impl CertificateVerifier {
    pub(super) fn new(expected: ExpectedCertificate) -> Self {
        Self { expected, provider: provider(), verdict: Mutex::default() }
    }

    /// Returns the fingerprint of the server's certificate once it has been accepted.
    pub(super) fn accepted(&self) -> Option<CertificateFingerprint> {
        self.verdict().accepted
    }

    /// Returns why a certificate was refused, if one was.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.verdict().refusal.clone()
    }

    fn verdict(&self) -> MutexGuard<'_, Verdict> {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(
        &self,
        fingerprint: CertificateFingerprint,
        authority_error: impl Fn(&WebPkiServerVerifier) -> Option<Error>,
    ) -> Result<(), Refusal> {
        if let Some(expected) = self.accepted().filter(|accepted| *accepted != fingerprint) {
            return Err(Refusal::DataMismatch { expected, found: fingerprint });
        }
        match &self.expected {
            ExpectedCertificate::Pinned { fingerprints, .. } if fingerprints.contains(&fingerprint) => Ok(()),
            ExpectedCertificate::Pinned { fingerprints, source } => {
                let expected: Vec<_> = fingerprints.iter().map(ToString::to_string).collect();
                let expected = expected.join(" or ");
                Err(Refusal::Mismatch { expected, expected_by: source.clone(), found: fingerprint })
            }
            ExpectedCertificate::CaSigned { verifier, source } => authority_error(verifier).map_or(Ok(()), |error| {
                Err(Refusal::Untrusted {
                    fingerprint,
                    reason: format!("verification with the authorities in {source} failed: {error}"),
                })
            }),
            ExpectedCertificate::Unknown => {
                Err(Refusal::Untrusted { fingerprint, reason: "this server has not been seen before".into() })
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
        let authority_error = |verifier: &WebPkiServerVerifier| {
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now).err()
        };
        let outcome = self.check(fingerprint, authority_error);
        let mut verdict = self.verdict();
        match outcome {
            Ok(()) => {
                verdict.accepted = Some(fingerprint);
                Ok(ServerCertVerified::assertion())
            }
            Err(refusal) => {
                verdict.refusal = Some(refusal);
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
