//! Verifies certificates during the handshake: the peer must hold the certificate's key, and that key must be expected.

use std::sync::{Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerMisbehaved, SignatureScheme};

use crate::crypto::KeyFingerprint;

/// Which key the peer must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExpectedKey {
    /// Any key; admission is decided after the handshake.
    Any,
    /// This key.
    Exactly(KeyFingerprint),
    /// None is accepted: the handshake fails, and reports which key the peer has.
    Unknown,
}

/// Verifies the peer's certificate by its key alone; names, dates and issuers are ignored.
#[derive(Debug)]
pub(super) struct PeerVerifier {
    expected: ExpectedKey,
    algorithms: WebPkiSupportedAlgorithms,
    rejected: Mutex<Option<KeyFingerprint>>,
}

impl PeerVerifier {
    pub(super) fn new(expected: ExpectedKey, algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { expected, algorithms, rejected: Mutex::default() }
    }

    /// Returns the key that was rejected, if any.
    pub(super) fn rejected_key(&self) -> Option<KeyFingerprint> {
        *self.rejected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_key(&self, certificate: &CertificateDer<'_>) -> Result<(), Error> {
        let found = fingerprint(certificate)?;
        match self.expected {
            ExpectedKey::Any => Ok(()),
            ExpectedKey::Exactly(expected) if expected == found => Ok(()),
            ExpectedKey::Exactly(_) | ExpectedKey::Unknown => {
                *self.rejected.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
                Err(CertificateError::ApplicationVerificationFailure.into())
            }
        }
    }

    /// Verifies that the peer holds the key: its signature over the handshake so far (RFC 8446 §4.4.3).
    fn verify_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if signed.scheme != SignatureScheme::ED25519 {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }
}

/// Returns the fingerprint of the key in a certificate.
pub(super) fn fingerprint(certificate: &CertificateDer<'_>) -> Result<KeyFingerprint, Error> {
    Ok(KeyFingerprint::of(&ParsedCertificate::try_from(certificate)?.subject_public_key_info()))
}

/// Rejects signatures of TLS 1.2, which links do not offer.
fn tls12_not_supported() -> Result<HandshakeSignatureValid, Error> {
    Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into())
}

impl ServerCertVerifier for PeerVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check_key(certificate).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        tls12_not_supported()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

impl ClientCertVerifier for PeerVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check_key(certificate).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        tls12_not_supported()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}
