//! Guarantees of the key store's library interface.

use std::fs;

use hestat::crypto::{Passphrase, RsaBits};
use hestat::foundation::random;
use hestat::foundation::secret::Secret;
use hestat::keystore::{KeyFiles, KeyStoreError, is_protected};

use super::read_rsa;

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(Secret::new(text.into()))
}

#[test]
fn eight_threads_at_once_get_the_same_keys() {
    let state = tempfile::tempdir().unwrap();
    let open = || {
        let (keys, mut random) = (KeyFiles::new(state.path()), random::from_system().unwrap());
        let (identity, is_new) = keys.identity_or_new("fog-node", None, &mut random).unwrap();
        let (rsa, _, rsa_is_new) = keys.rsa_or_new("fog", RsaBits::Rsa2048, None, &mut random).unwrap();
        (identity.fingerprint(), rsa.public_key().fingerprint(), usize::from(is_new), usize::from(rsa_is_new))
    };
    let opened = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(opened.iter().all(|(identity, rsa, ..)| (identity, rsa) == (&opened[0].0, &opened[0].1)));
    let created = |count: fn(&(_, _, usize, usize)) -> usize| opened.iter().map(count).sum::<usize>();
    assert_eq!((created(|keys| keys.2), created(|keys| keys.3)), (1, 1));
}

#[test]
fn a_key_created_with_a_passphrase_needs_it_again() {
    let state = tempfile::tempdir().unwrap();
    let (keys, mut random) = (KeyFiles::new(state.path()), random::from_system().unwrap());
    let made = keys.new_identity("safe", Some(&passphrase("right")), &mut random).unwrap();
    assert!(is_protected(&keys.identity_file("safe").unwrap()));
    assert_eq!(keys.identity("safe", Some(&passphrase("right"))).unwrap().unwrap().fingerprint(), made.fingerprint());
    for other in [None, Some(passphrase("wrong"))] {
        let refused = keys.identity_or_new("safe", other.as_ref(), &mut random);
        assert!(matches!(refused, Err(KeyStoreError::KeyFile { .. })), "{refused:?}");
    }
    assert!(matches!(keys.new_identity("safe", None, &mut random), Err(KeyStoreError::NameTaken { .. })));
    assert!(matches!(keys.new_identity("../safe", None, &mut random), Err(KeyStoreError::KeyName(_))));
    assert!(keys.identity("none", None).unwrap().is_none());
    let (rsa, file, made) = keys.rsa_or_new("safe", RsaBits::Rsa2048, Some(&passphrase("right")), &mut random).unwrap();
    assert!(made && is_protected(&file));
    assert!(read_rsa(&file, None).is_err());
    let read = read_rsa(&file, Some(&passphrase("right"))).unwrap();
    assert_eq!(read.public_key().fingerprint(), rsa.public_key().fingerprint());
}

#[test]
fn a_replaced_private_or_public_key_is_detected() {
    let state = tempfile::tempdir().unwrap();
    let (keys, mut random) = (KeyFiles::new(state.path()), random::from_system().unwrap());
    let file = |name: &str| keys.identity_file(name).unwrap();
    for name in ["one", "two"] {
        keys.new_identity(name, None, &mut random).unwrap();
    }
    fs::copy(file("two"), file("one")).unwrap();
    assert!(matches!(keys.identity("one", None), Err(KeyStoreError::PublicKeyMismatch { .. })));
    let (_, rsa, _) = keys.rsa_or_new("fog", RsaBits::Rsa2048, None, &mut random).unwrap();
    fs::copy(rsa, file("two")).unwrap();
    assert!(matches!(keys.identity("two", None), Err(KeyStoreError::Key { .. })));
    assert_eq!(keys.identities().unwrap().len(), 2);
}
