//! The key store's promises to those that use it from inside.

use std::fs;

use hestat::crypto::{Passphrase, RsaBits};
use hestat::foundation::random;
use hestat::foundation::secret::Secret;
use hestat::keystore::{KeyFiles, KeyStoreError, is_protected};

use super::read_rsa;

fn word(text: &str) -> Passphrase {
    Passphrase::new(Secret::new(text.into()))
}

#[test]
fn eight_that_begin_at_once_get_the_same_keys() {
    let state = tempfile::tempdir().unwrap();
    let begin = || {
        let (keys, mut random) = (KeyFiles::new(state.path()), random::from_system().unwrap());
        let (identity, made) = keys.identity_or_new("fog-node", None, &mut random).unwrap();
        let (rsa, _, made_too) = keys.rsa_or_new("fog", RsaBits::Rsa2048, None, &mut random).unwrap();
        (identity.fingerprint(), rsa.public_key().fingerprint(), usize::from(made), usize::from(made_too))
    };
    let got = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(begin)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(got.iter().all(|(identity, rsa, ..)| (identity, rsa) == (&got[0].0, &got[0].1)));
    let made = |count: fn(&(_, _, usize, usize)) -> usize| got.iter().map(count).sum::<usize>();
    assert_eq!((made(|one| one.2), made(|one| one.3)), (1, 1));
}

#[test]
fn a_passphrase_that_was_given_is_needed_again() {
    let state = tempfile::tempdir().unwrap();
    let (keys, mut random) = (KeyFiles::new(state.path()), random::from_system().unwrap());
    let made = keys.new_identity("safe", Some(&word("right")), &mut random).unwrap();
    assert!(is_protected(&keys.identity_file("safe").unwrap()));
    assert_eq!(keys.identity("safe", Some(&word("right"))).unwrap().unwrap().fingerprint(), made.fingerprint());
    for passphrase in [None, Some(word("wrong"))] {
        let refused = keys.identity_or_new("safe", passphrase.as_ref(), &mut random);
        assert!(matches!(refused, Err(KeyStoreError::KeyFile { .. })), "{refused:?}");
    }
    assert!(matches!(keys.new_identity("safe", None, &mut random), Err(KeyStoreError::NameTaken { .. })));
    assert!(matches!(keys.new_identity("../safe", None, &mut random), Err(KeyStoreError::KeyName(_))));
    assert!(keys.identity("none", None).unwrap().is_none());
    let (rsa, file, made) = keys.rsa_or_new("safe", RsaBits::Rsa2048, Some(&word("right")), &mut random).unwrap();
    assert!(made && is_protected(&file));
    assert!(read_rsa(&file, None).is_err());
    let read = read_rsa(&file, Some(&word("right"))).unwrap();
    assert_eq!(read.public_key().fingerprint(), rsa.public_key().fingerprint());
}

#[test]
fn an_exchanged_half_is_noticed() {
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
