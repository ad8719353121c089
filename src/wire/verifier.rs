//! Judging certificates during the handshake: who shows one must hold its key, and that key must be the expected one.

use std::sync::{Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerMisbehaved, SignatureScheme};

use crate::crypto::KeyFingerprint;

/// Which key the other side must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExpectedKey {
    /// Whichever it proves to have; who may come in is decided after the handshake.
    Any,
    /// This one.
    Exactly(KeyFingerprint),
    /// None: the handshake is there to learn which one it has.
    Nothing,
}

/// Judges the one certificate of one side. Names, dates and issuers are not looked at: the key says more.
#[derive(Debug)]
pub(super) struct PeerVerifier {
    expected: ExpectedKey,
    algorithms: WebPkiSupportedAlgorithms,
    refused: Mutex<Option<KeyFingerprint>>,
}

impl PeerVerifier {
    pub(super) fn new(expected: ExpectedKey, algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { expected, algorithms, refused: Mutex::default() }
    }

    /// The key that was refused, if one was.
    pub(super) fn refused(&self) -> Option<KeyFingerprint> {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, certificate: &CertificateDer<'_>) -> Result<(), Error> {
        let found = fingerprint(certificate)?;
        match self.expected {
            ExpectedKey::Any => Ok(()),
            ExpectedKey::Exactly(expected) if expected == found => Ok(()),
            ExpectedKey::Exactly(_) | ExpectedKey::Nothing => {
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
                Err(CertificateError::ApplicationVerificationFailure.into())
            }
        }
    }

    /// The proof that the other side has the key: its signature over the handshake so far (RFC 8446 §4.4.3).
    fn verify(
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

/// What the key in a certificate is known by.
pub(super) fn fingerprint(certificate: &CertificateDer<'_>) -> Result<KeyFingerprint, Error> {
    Ok(KeyFingerprint::of(&ParsedCertificate::try_from(certificate)?.subject_public_key_info()))
}

/// TLS 1.2 is not spoken.
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
        self.judge(certificate).map(|()| ServerCertVerified::assertion())
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
        self.verify(message, certificate, signed)
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
        self.judge(certificate).map(|()| ClientCertVerified::assertion())
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
        self.verify(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}
