//! Parsers of keys from files and peers: PEM, PKCS#8, SPKI, names and fingerprints.
#![no_main]

use hestat::crypto::{IdentityKey, KeyFingerprint, Passphrase, RsaPrivateKey, RsaPublicKey, pem};
use hestat::foundation::secret::Secret;
use hestat::keystore::KeyName;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(key) = RsaPublicKey::from_spki(bytes) {
        assert_eq!(RsaPublicKey::from_spki(key.spki()).unwrap().fingerprint(), key.fingerprint());
    }
    let _ = (IdentityKey::from_pkcs8(bytes), RsaPrivateKey::from_pkcs8(bytes));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = (pem::read_private(text, Some(&Passphrase::new(Secret::new("any".into())))), pem::read_public(text));
    assert!(!pem::is_encrypted(text) || pem::read_private(text, None).is_err());
    if let Ok(fingerprint) = text.parse::<KeyFingerprint>() {
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
    if let Ok(name) = text.parse::<KeyName>() {
        assert_eq!(std::path::Path::new(name.as_str()).components().count(), 1);
    }
});
