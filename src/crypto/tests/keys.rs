//! Keys in DER and PEM.

use pkcs8::pkcs5::pbes2::Parameters;
use pkcs8::pkcs5::scrypt;
use rand_core::SeedableRng;

use super::super::pem::{is_encrypted, read_private, read_public, write_private, write_public};
use super::super::{IdentityKey, KeyError, KeyFingerprint, Passphrase, PemError, RsaBits, RsaPrivateKey, RsaPublicKey};
use crate::foundation::random::Randomness;
use crate::foundation::secret::Secret;

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(Secret::new(text.into()))
}

#[test]
fn an_identity_has_the_public_key_of_rfc_8032() {
    // RFC 8032 §7.1, tests 1 and 2: seed and public key. The encoding is that of RFC 8410 §7 and §4.
    for (seed, public_key) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        ),
    ] {
        let document = bytes(&format!("302e020100300506032b657004220420{seed}"));
        let key = IdentityKey::from_pkcs8(&document).unwrap();
        assert_eq!(key.pkcs8().expose(), document);
        assert_eq!(key.public_key(), bytes(&format!("302a300506032b6570032100{public_key}")));
        assert_eq!(format!("{key:?}"), format!("IdentityKey({})", KeyFingerprint::of(key.public_key())));
    }
}

#[test]
fn invalid_keys_are_rejected_and_debug_shows_no_key() {
    let (identity, rsa) = (IdentityKey::generate().unwrap(), RsaPrivateKey::generate(RsaBits::Rsa2048).unwrap());
    assert_ne!(IdentityKey::generate().unwrap().public_key(), identity.public_key());
    let assert_wrong_type =
        |result: Result<RsaPrivateKey, KeyError>| assert_eq!(result.unwrap_err(), KeyError::WrongType);
    assert_wrong_type(RsaPrivateKey::from_pkcs8(identity.pkcs8().expose()));
    assert_wrong_type(RsaPrivateKey::from_pkcs8(rsa.public_key().spki()));
    assert_wrong_type(RsaPrivateKey::from_pkcs8(b""));
    assert_eq!(IdentityKey::from_pkcs8(rsa.pkcs8().expose()).unwrap_err(), KeyError::WrongType);
    assert_eq!(RsaPublicKey::from_spki(identity.public_key()).unwrap_err(), KeyError::WrongType);
    let shown = format!("{rsa:?} {identity:?}");
    assert!(shown.starts_with("RsaPrivateKey(") && shown.len() < 250, "{shown}");
    for (index, document) in [rsa.pkcs8().expose(), rsa.public_key().spki()].iter().enumerate() {
        for length in 0..document.len() {
            let truncated = &document[..length];
            let error = if index == 0 {
                RsaPrivateKey::from_pkcs8(truncated).err()
            } else {
                RsaPublicKey::from_spki(truncated).err()
            };
            assert_eq!(error, Some(KeyError::WrongType), "{length}");
        }
    }
}

#[test]
fn only_safe_and_practical_sizes_are_accepted() {
    assert_eq!("3072".parse(), Ok(RsaBits::Rsa3072));
    assert_eq!("1024".parse::<RsaBits>(), Err(KeyError::TooSmall { bits: 1024 }));
    assert_eq!("2049".parse::<RsaBits>(), Err(KeyError::UnsupportedSize { bits: 2049 }));
    assert_eq!("16384".parse::<RsaBits>(), Err(KeyError::TooLarge { bits: 16384 }));
    assert_eq!("many".parse::<RsaBits>(), Err(KeyError::ParseSize));
}

#[test]
fn private_keys_are_read_back_from_pem() {
    let key = IdentityKey::generate().unwrap();
    let mut random = Randomness::from_seed([1; 32]);
    let clear = write_private(key.pkcs8(), None, &mut random).unwrap();
    let sealed = write_private(key.pkcs8(), Some(&passphrase("right")), &mut random).unwrap();
    assert!(is_encrypted(sealed.expose()) && !is_encrypted(clear.expose()) && !is_encrypted(""));
    let read = |text: &str, word: Option<&str>| {
        let opened = read_private(text, word.map(passphrase).as_ref());
        opened.map(|document| document.expose().to_vec())
    };
    let expected = Ok(key.pkcs8().expose().to_vec());
    assert_eq!(read(clear.expose(), None), expected);
    assert_eq!(read(sealed.expose(), Some("right")), expected);
    assert_eq!(read(&format!("Bag Attributes\n{}", clear.expose()), None), expected);
    // Real files also contain certificates, explanatory text and CRLF.
    let others = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";
    for (key, word) in [(clear.expose(), None), (sealed.expose(), Some("right"))] {
        for text in [format!("{others}{key}{others}"), format!("key:\n{key}\nof mine"), key.replace('\n', "\r\n")] {
            assert_eq!(read(&text, word), expected, "{text}");
            assert_eq!(is_encrypted(&text), word.is_some());
        }
    }
    assert_eq!(read(&format!("{}{}", clear.expose(), sealed.expose()), None), expected);
    assert_eq!(read(&format!("{}{}", sealed.expose(), clear.expose()), None), Err(PemError::PassphraseNeeded));
    assert_eq!(read(sealed.expose(), Some("wrong")), Err(PemError::WrongPassphrase));
    assert_eq!(read(sealed.expose(), None), Err(PemError::PassphraseNeeded));
    let public = write_public(key.public_key()).unwrap();
    assert_eq!(read_public(&public).unwrap(), key.public_key());
    assert_eq!(read_public(clear.expose()), Err(KeyError::WrongType));
    for text in ["", "no PEM", &public, &clear.expose().replace("MC4C", "MC4D"), &clear.expose()[1..]] {
        assert_eq!(read(text, None), Err(PemError::NotPem), "{text}");
    }
    assert_eq!(read("-----BEGIN RSA PRIVATE KEY-----\n", None), Err(PemError::Pkcs1));
}

/// An encrypted document with these key derivation parameters and arbitrary content.
fn encrypted_with(kdf_parameters: &Parameters) -> String {
    use pkcs8::der::asn1::OctetStringRef;
    use pkcs8::der::pem::LineEnding;
    let encrypted_data = OctetStringRef::new(&[7; 48]).unwrap();
    let encryption_algorithm = kdf_parameters.clone().into();
    let info = pkcs8::EncryptedPrivateKeyInfoRef { encryption_algorithm, encrypted_data };
    let document = pkcs8::der::SecretDocument::try_from(info).unwrap();
    document.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF).unwrap().to_string()
}

#[test]
fn a_file_cannot_request_an_unlimited_cost() {
    let scrypt = |log_n, r, p| {
        let cost = scrypt::Params::new(log_n, r, p).unwrap();
        Parameters::generate_scrypt_aes256cbc(cost, &[1; 16], [2; 16]).unwrap()
    };
    let rounds = |count| Parameters::generate_pbkdf2_sha256_aes256cbc(count, &[1; 16], [2; 16]).unwrap();
    let no_cost = {
        use pkcs8::pkcs5::pbes2::{Kdf, ScryptParams};
        let mut parameters = scrypt(14, 8, 1);
        if let Kdf::Scrypt(ScryptParams { cost_parameter, .. }) = &mut parameters.kdf {
            *cost_parameter = 0;
        }
        parameters
    };
    let too_costly = [
        scrypt(30, 8, 1),
        scrypt(20, 8, 16),
        scrypt(14, 8, 65535),
        scrypt(1, 65535, 1000),
        scrypt(0, 8, 1),
        rounds(10_000_001),
        rounds(0),
        no_cost,
    ];
    for parameters in too_costly {
        let opened = read_private(&encrypted_with(&parameters), Some(&passphrase("any")));
        assert_eq!(opened.unwrap_err(), PemError::CostTooHigh, "{:?}", parameters.kdf);
    }
    for parameters in [scrypt(14, 8, 5), rounds(2048)] {
        let opened = read_private(&encrypted_with(&parameters), Some(&passphrase("any")));
        assert_eq!(opened.unwrap_err(), PemError::WrongPassphrase);
    }
}
