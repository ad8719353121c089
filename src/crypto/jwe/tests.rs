//! Valid tokens decrypt to their plaintext; all others are rejected.

use std::sync::LazyLock;

use rand_core::SeedableRng;
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::crypto::RsaBits;
use crate::crypto::base64url;

static KEY: LazyLock<RsaPrivateKey> = LazyLock::new(|| RsaPrivateKey::generate(RsaBits::Rsa2048).unwrap());

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Claims {
    part: u64,
    last: bool,
}

const CLAIMS: Claims = Claims { part: 7, last: true };

fn random() -> Randomness {
    Randomness::from_seed([3; 32])
}

fn sealed(plaintext: &[u8]) -> Vec<u8> {
    seal(KEY.public_key(), &CLAIMS, plaintext.to_vec(), &mut random()).unwrap()
}

/// A token that is valid except for its header.
fn with_header(json: &str) -> Vec<u8> {
    with_text(&base64url::encode(json.as_bytes()), &ContentKey::generate(&mut random()))
}

fn with_text(header: &[u8], content_key: &ContentKey) -> Vec<u8> {
    let mut content = b"text".to_vec();
    let tag = content_key.cipher().unwrap().seal([9; NONCE_BYTES], header, &mut content).unwrap();
    written(header, [&content_key.wrap(KEY.public_key()).unwrap(), &[9; NONCE_BYTES], &content, &tag])
}

fn written(header: &[u8], parts: [&[u8]; 4]) -> Vec<u8> {
    let mut token = Vec::new();
    token::write(&mut token, header, parts).unwrap();
    token
}

fn opened(token: &[u8]) -> Result<(Claims, Vec<u8>), DecryptError> {
    open(&KEY, token)
}

#[test]
fn claims_and_plaintext_are_recovered() {
    for length in [0, 1, 2, 3, 4096, (1 << 22) + 1] {
        let plaintext: Vec<u8> = (0..length).map(|index: u32| (index * 31) as u8).collect();
        let token = sealed(&plaintext);
        assert!(token.is_ascii());
        assert_eq!(opened(&token), Ok((CLAIMS, plaintext)));
    }
    assert_eq!(
        opened(&with_header(r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","part":7,"last":true,"new":[{}]}"#)).unwrap().1,
        b"text"
    );
}

#[test]
fn reused_buffers_keep_no_old_content() {
    let (mut token, mut plaintext) = (Vec::new(), Vec::new());
    for length in [5000, 0, 1, 6000, 4096] {
        let text = vec![length as u8; length];
        seal_into(&mut token, KEY.public_key(), &CLAIMS, &mut text.clone(), &mut random()).unwrap();
        assert_eq!(open_into(&mut plaintext, &KEY, &token), Ok(CLAIMS));
        assert_eq!((&plaintext, opened(&token)), (&text, Ok((CLAIMS, text.clone()))));
    }
}

#[test]
fn no_two_tokens_share_a_key_or_a_nonce() {
    let mut random = random();
    let mut token = || {
        let token = seal(KEY.public_key(), &CLAIMS, b"text".to_vec(), &mut random).unwrap();
        String::from_utf8(token).unwrap().split('.').map(str::to_owned).collect::<Vec<_>>()
    };
    let (one, other) = (token(), token());
    assert_eq!(one[0], other[0]);
    assert!((1..5).all(|part| one[part] != other[part]));
}

#[test]
fn every_altered_character_is_detected() {
    let token = sealed(b"some text");
    for position in 0..token.len() {
        for other in [b'A', b'B', b'.', b'=', b' ', 0, 0xFF] {
            let mut altered = token.clone();
            altered[position] = other;
            assert_eq!(opened(&altered).is_ok(), altered == token, "{position}");
        }
        assert_eq!(opened(&token[..position]), Err(DecryptError));
    }
    assert_eq!(opened(&[&token[..], b"."].concat()), Err(DecryptError));
    assert_eq!(opened(&[&token[..], b"\n"].concat()), Err(DecryptError));
    assert_eq!(opened(&[&token[..], b"AAAA"].concat()), Err(DecryptError));
}

#[test]
fn parts_of_different_tokens_cannot_be_mixed() {
    let (one, other) = (
        sealed(b"one"),
        seal(KEY.public_key(), &Claims { part: 8, last: true }, b"two".into(), &mut Randomness::from_seed([4; 32]))
            .unwrap(),
    );
    let parts = |token: &[u8]| token.split(|byte| *byte == b'.').map(<[u8]>::to_vec).collect::<Vec<_>>();
    for part in 0..5 {
        let mut mixed = parts(&one);
        mixed[part] = parts(&other)[part].clone();
        assert_eq!(opened(&mixed.join(&b'.')), Err(DecryptError), "{part}");
    }
    let other_key = RsaPrivateKey::generate(RsaBits::Rsa2048).unwrap();
    assert_eq!(open::<Claims>(&other_key, &one), Err(DecryptError));
}

#[test]
fn unsupported_headers_are_rejected() {
    for header in [
        r#"{"alg":"RSA-OAEP","enc":"A256GCM","part":7,"last":true}"#,
        r#"{"alg":"RSA1_5","enc":"A256GCM","part":7,"last":true}"#,
        r#"{"alg":"dir","enc":"A256GCM","part":7,"last":true}"#,
        r#"{"alg":"RSA-OAEP-256","enc":"A128GCM","part":7,"last":true}"#,
        r#"{"alg":"RSA-OAEP-256","enc":"A256CBC-HS512","part":7,"last":true}"#,
        r#"{"alg":["RSA-OAEP-256"],"enc":"A256GCM","part":7,"last":true}"#,
        r#"{"alg":"rsa-oaep-256","enc":"A256GCM","part":7,"last":true}"#,
        r#"{"enc":"A256GCM","part":7,"last":true}"#,
        r#"{"alg":"RSA-OAEP-256","part":7,"last":true}"#,
        r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","crit":["part"],"part":7,"last":true}"#,
        r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","crit":[],"part":7,"last":true}"#,
        r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","zip":"DEF","part":7,"last":true}"#,
        r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","part":7,"last":true,"part":8}"#,
        r#"{"alg":"RSA-OAEP-256","alg":"RSA-OAEP-256","enc":"A256GCM","part":7,"last":true}"#,
        r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","x":1,"x":2,"part":7,"last":true}"#,
        r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","part":-7,"last":true}"#,
        r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","part":7}"#,
        r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","part":7,"last":true} x"#,
        r#"["RSA-OAEP-256","A256GCM",7,true]"#,
        "",
    ] {
        assert_eq!(opened(&with_header(header)), Err(DecryptError), "{header}");
    }
    let long =
        format!(r#"{{"alg":"RSA-OAEP-256","enc":"A256GCM","part":7,"last":true,"x":"{}"}}"#, "x".repeat(1 << 13));
    assert_eq!(opened(&with_header(&long)), Err(DecryptError));
}

#[test]
fn claims_that_cannot_be_a_header_are_rejected() {
    let seal = |claims: &serde_json::Value| seal(KEY.public_key(), claims, Vec::new(), &mut random());
    for claims in
        [json!({ "alg": "none" }), json!({ "crit": [] }), json!({ "zip": "DEF" }), json!([1]), json!(1), json!(null)]
    {
        assert_eq!(seal(&claims), Err(EncryptError::Header), "{claims}");
    }
    assert_eq!(seal(&json!({ "long": "x".repeat(1 << 13) })), Err(EncryptError::Header));
    assert!(seal(&json!({})).is_ok());
}

#[test]
fn oversized_tokens_are_neither_created_nor_decrypted() {
    let too_long = vec![0; MAX_PLAINTEXT + 1];
    let outcome = seal(KEY.public_key(), &CLAIMS, too_long, &mut random());
    assert_eq!(outcome, Err(EncryptError::TooLong { bytes: MAX_PLAINTEXT + 1 }));
    let token = sealed(b"text");
    let mut parts: Vec<Vec<u8>> = token.split(|byte| *byte == b'.').map(<[u8]>::to_vec).collect();
    for part in 0..5 {
        let original = std::mem::replace(&mut parts[part], vec![b'A'; base64url::encoded_length(MAX_PLAINTEXT + 1)]);
        assert_eq!(opened(&parts.join(&b'.')), Err(DecryptError));
        parts[part] = original;
    }
    assert_eq!(opened(&vec![b'.'; 1 << 20]), Err(DecryptError));
}

/// An invalid wrapped key is detected only when the content is decrypted (RFC 7516 §11.5).
#[test]
fn a_wrapped_key_of_another_length_is_rejected() {
    let header = header::write(&CLAIMS).unwrap();
    for wrapped in [&b"short"[..], &[0; 31], &[0; 33], b""] {
        let wrapped = KEY.public_key().encrypt(wrapped).unwrap();
        assert!(ContentKey::unwrap(&KEY, &wrapped).is_ok());
        let token = written(&header, [&wrapped, &[9; NONCE_BYTES], b"", &[0; 16]]);
        assert_eq!(opened(&token), Err(DecryptError));
    }
    assert!(ContentKey::unwrap(&KEY, b"no ciphertext at all").is_ok());
}
