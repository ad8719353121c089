//! Key pairs with certificates, and forged certificates for public keys whose private key we do not have.

use aws_lc_rs::digest::{SHA256, digest};
use rcgen::{CertificateParams, Issuer, KeyPair, PKCS_ED25519, PublicKeyData, SignatureAlgorithm};
use rustls::crypto::aws_lc_rs::sign::any_eddsa_type;
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;

/// SHA-256 of a public key's SubjectPublicKeyInfo.
pub(super) type Pin = [u8; 32];

/// An Ed25519 key and its self-signed certificate.
#[derive(Debug)]
pub(super) struct Credentials {
    key: KeyPair,
    pub(super) certificate: CertificateDer<'static>,
}

impl Credentials {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let certificate = parameters().self_signed(&key).unwrap().der().clone();
        Self { key, certificate }
    }

    pub(super) fn pin(&self) -> Pin {
        digest(&SHA256, &self.key.subject_public_key_info()).as_ref().try_into().unwrap()
    }

    /// The 32 bytes of the public key (RFC 8032 §5.1.5).
    pub(super) fn public_key(&self) -> &[u8] {
        self.key.der_bytes()
    }

    /// The key with its own certificate, for rustls.
    pub(super) fn certified(&self) -> CertifiedKey {
        self.with_certificate(self.certificate.clone())
    }

    /// The key with the certificate of another key, against which its signatures do not verify.
    pub(super) fn with_certificate(&self, certificate: CertificateDer<'static>) -> CertifiedKey {
        let key = any_eddsa_type(&self.key.serialize_der().into()).unwrap();
        CertifiedKey::new(vec![certificate], key)
    }
}

/// Forges a certificate for someone else's Ed25519 public key, signed by a key of our own. Its pin is that of the
/// genuine certificate.
pub(crate) fn certificate_of(public_key: &[u8]) -> CertificateDer<'static> {
    let signer = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let issuer = Issuer::new(parameters(), signer);
    parameters().signed_by(&PublicKeyOnly(public_key.into()), &issuer).unwrap().der().clone()
}

fn parameters() -> CertificateParams {
    CertificateParams::new(["localhost".into()]).unwrap()
}

/// A public key whose private key we do not have.
struct PublicKeyOnly(Vec<u8>);

impl PublicKeyData for PublicKeyOnly {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ED25519
    }
}
