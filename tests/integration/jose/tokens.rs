//! Tokens exchanged with jwcrypto, in both directions.

use std::fs;

use hestat::crypto::{DecryptError, RsaBits, RsaPrivateKey, jwe};
use hestat::foundation::random;
use hestat::keystore::KeyFiles;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Jose;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Claims {
    message: String,
    part: u64,
    last: bool,
}

fn claims() -> Claims {
    // Not ASCII, and the largest number: headers must survive both.
    Claims { message: "größer".into(), part: u64::MAX, last: false }
}

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|index| (index * 131 + index / 256) as u8).collect()
}

/// Returns a key and its file, as the key store writes it.
fn key(size: RsaBits) -> (tempfile::TempDir, RsaPrivateKey, std::path::PathBuf) {
    let state = tempfile::tempdir().unwrap();
    let keys = KeyFiles::new(state.path());
    let (key, file, _) = keys.rsa_or_new("jose", size, None, &mut random::from_system().unwrap()).unwrap();
    (state, key, file)
}

#[test]
fn jwcrypto_decrypts_our_tokens() {
    for (size, lengths) in [(RsaBits::Rsa2048, &[0, 1, 4 << 20][..]), (RsaBits::Rsa3072, &[1000])] {
        let (_state, key, file) = key(size);
        for length in lengths {
            let mut random = random::from_system().unwrap();
            let token = jwe::seal(key.public_key(), &claims(), bytes(*length), &mut random).unwrap();
            let (header, plaintext) = Jose::open(&file, &token);
            let expected = json!({ "alg": "RSA-OAEP-256", "enc": "A256GCM", "message": "größer", "part": u64::MAX, "last": false });
            assert_eq!(header, expected);
            assert!(plaintext == bytes(*length), "{length}");
        }
    }
}

#[test]
fn we_decrypt_tokens_from_jwcrypto() {
    let (_state, key, file) = key(RsaBits::Rsa2048);
    let header = json!({
        "enc": "A256GCM", "kid": "unknown to us", "alg": "RSA-OAEP-256", "message": "größer", "part": u64::MAX, "last": false
    });
    let public = file.with_extension("pub");
    assert_eq!(fs::read_to_string(&public).unwrap(), key.public_key().pem(), "jwcrypto would get another key");
    for length in [0, 1, 1000, 4 << 20] {
        let token = Jose::seal(&public, &header, &bytes(length));
        let (opened, plaintext) = jwe::open::<Claims>(&key, &token).unwrap();
        assert_eq!(opened, claims());
        assert!(plaintext == bytes(length), "{length}");
    }
    // Other algorithms for the same key are rejected.
    for (algorithm, encryption) in
        [("RSA-OAEP", "A256GCM"), ("RSA-OAEP-256", "A128GCM"), ("RSA-OAEP-256", "A256CBC-HS512")]
    {
        let mut other = header.clone();
        (other["alg"], other["enc"]) = (algorithm.into(), encryption.into());
        assert_eq!(jwe::open::<Claims>(&key, &Jose::seal(&public, &other, b"text")), Err(DecryptError));
    }
    let mut compressed = header;
    compressed["zip"] = "DEF".into();
    assert_eq!(jwe::open::<Claims>(&key, &Jose::seal(&public, &compressed, b"text")), Err(DecryptError));
}
