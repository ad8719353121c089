//! The certificate that carries an identity's key (RFC 5280): self-signed, without names and with no end, for only its key
//! counts.

use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, ExtendedKeyUsagePurpose, KeyPair, PKCS_ED25519};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::sign::{CertifiedKey, SigningKey};

use super::error::WireError;
use crate::crypto::IdentityKey;

/// Certificate and signing key of an identity, as TLS wants them; `sign` makes the latter.
pub(super) fn certify(
    identity: &IdentityKey,
    sign: impl FnOnce(&PrivatePkcs8KeyDer<'_>) -> Result<Arc<dyn SigningKey>, rustls::Error>,
) -> Result<Arc<CertifiedKey>, WireError> {
    let failed = |error: rcgen::Error| WireError::Identity(error.to_string());
    let der = PrivatePkcs8KeyDer::from(identity.pkcs8().expose());
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ED25519).map_err(failed)?;
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = parameters.self_signed(&key).map_err(failed)?;
    // From the document where it lies: what rustls takes by value is not wiped.
    let signing = sign(&der).map_err(|error| WireError::Identity(error.to_string()))?;
    Ok(Arc::new(CertifiedKey::new(vec![certificate.der().clone()], signing)))
}
