//! The certificate that carries an identity's key (RFC 5280): self-signed, without names or expiry, because peers check
//! only the key.

use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, ExtendedKeyUsagePurpose, KeyPair, PKCS_ED25519};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::sign::{CertifiedKey, SigningKey};

use super::error::WireError;
use crate::crypto::IdentityKey;

/// Creates the certificate and signing key that TLS needs for an identity. `signer` loads the signing key.
pub(super) fn certify(
    identity: &IdentityKey,
    signer: impl FnOnce(&PrivatePkcs8KeyDer<'_>) -> Result<Arc<dyn SigningKey>, rustls::Error>,
) -> Result<Arc<CertifiedKey>, WireError> {
    let failed = |error: rcgen::Error| WireError::Identity(error.to_string());
    let der = PrivatePkcs8KeyDer::from(identity.pkcs8().expose());
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ED25519).map_err(failed)?;
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = parameters.self_signed(&key).map_err(failed)?;
    // Borrows the key: rustls does not wipe a key that it takes by value.
    let signing_key = signer(&der).map_err(|error| WireError::Identity(error.to_string()))?;
    Ok(Arc::new(CertifiedKey::new(vec![certificate.der().clone()], signing_key)))
}
