//! `hestat identity`, and keys in files: openssl is the other one that reads and writes them.

mod openssl;
mod store;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use hestat::crypto::{Passphrase, RsaPrivateKey};
use hestat::keystore::{KeyStoreError, PrivateKeyFile, is_protected};
use rustix::fs::{CWD, FileType, Mode};

use crate::house::{House, entries, path};

/// Where an identity's private key lies.
fn file(house: &House, name: &str) -> PathBuf {
    house.state().join("identities").join(format!("{name}.pem"))
}

fn read_rsa(path: &Path, passphrase: Option<&Passphrase>) -> Result<RsaPrivateKey, KeyStoreError> {
    PrivateKeyFile::read(path)?.rsa(passphrase)
}

/// A pipe of this name.
fn pipe(path: &Path) {
    rustix::fs::mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_made_is_shown() {
    let house = House::new();
    house.run(["identity", "show"]).expect_code(0).says(&["there is no identity here"]);
    house.run(["identity", "show", "laptop"]).expect_code(5).says(&[
        "key file",
        "does not exist",
        "hestat identity new",
    ]);
    let told = house.succeed(["identity", "new", "laptop"]).stdout;
    let made = house.succeed(["identity", "new", "--json"]).json();
    assert_eq!((&made["name"], &made["protected"]), (&"default".into(), &false.into()));
    assert_eq!(made["file"], path(&file(&house, "default")));
    assert_eq!(house.succeed(["identity", "show", "laptop"]).stdout, told);
    assert_eq!(house.succeed(["identity", "show", "default", "--json"]).json(), made);
    let all = house.succeed(["identity", "show", "--json"]).json();
    assert_eq!((all.as_array().unwrap().len(), &all[0], &all[1]["name"]), (2, &made, &"laptop".into()));
    for line in ["identity     laptop", "fingerprint  ", path(&file(&house, "laptop"))] {
        assert!(told.contains(line) && house.succeed(["identity", "show"]).stdout.contains(line), "{line}: {told}");
    }
}

#[test]
fn no_key_is_replaced_and_no_name_leads_elsewhere() {
    let house = House::new();
    house.succeed(["identity", "new", "laptop"]);
    let before = fs::read(file(&house, "laptop")).unwrap();
    house.run(["identity", "new", "laptop"]).expect_code(5).says(&["key file", "already exists", "give another name"]);
    assert_eq!(fs::read(file(&house, "laptop")).unwrap(), before);
    let long = "x".repeat(65);
    for name in ["../laptop", "a/b", ".hidden", "..", "a b", "a\nb", "größe", &long, "a\u{1b}[2J"] {
        for command in ["new", "show"] {
            house.run(["identity", command, name]).expect_code(2).says(&["a key's name has 1 to 64 ASCII letters"]);
        }
    }
    assert_eq!(entries(&house.state().join("identities")), [".lock", "laptop.pem", "laptop.pub"]);
    assert_eq!(entries(&house.state()), ["identities"]);
}

#[test]
fn private_keys_are_their_owner_s_whatever_the_mask() {
    let house = House::new();
    let hestat = env!("CARGO_BIN_EXE_hestat");
    let script = format!("umask 000; exec {hestat} identity new laptop");
    let mut shell = crate::programs::program("sh");
    shell.args(["-c", &script]).env("HESTAT_STATE", house.state());
    crate::programs::run(&mut shell).expect_code(0);
    assert_eq!(mode(&file(&house, "laptop")), 0o600);
    assert_eq!((mode(&house.state()), mode(&house.state().join("identities"))), (0o700, 0o700));
    fs::set_permissions(file(&house, "laptop"), fs::Permissions::from_mode(0o644)).unwrap();
    house.run(["identity", "show", "laptop"]).expect_code(0).says(&["everybody on this machine can read", "chmod 600"]);
}

#[test]
fn a_protected_identity_is_shown_without_its_passphrase() {
    let house = House::new();
    house.write("right", "correct horse\n");
    house.write("wrong", "correct donkey\n");
    let told = house.succeed(["identity", "new", "safe", "--passphrase-file", "right", "--json"]).json();
    assert_eq!(told["protected"], true);
    assert_eq!(house.succeed(["identity", "show", "safe", "--json"]).json(), told);
    house
        .run(["identity", "new", "other", "--passphrase"])
        .expect_code(2)
        .says(&["no terminal to ask for the passphrase on; use --passphrase-file"]);
    assert!(!file(&house, "other").exists());
    fs::remove_file(file(&house, "safe").with_extension("pub")).unwrap();
    house.run(["identity", "show"]).expect_code(5).says(&["is protected by a passphrase", "--passphrase-file"]);
    let with = |name: &str| house.run(["identity", "show", "safe", "--json", "--passphrase-file", name]);
    with("wrong")
        .expect_code(5)
        .says(&["the passphrase does not decrypt the private key", "Try again with the right passphrase."]);
    assert_eq!(with("right").expect_code(0).json(), told);
}

#[test]
fn eight_that_begin_at_once_make_one_identity() {
    let house = House::new();
    let start = || house.command(["identity", "new", "laptop"]).spawn().unwrap();
    let all: Vec<_> = (0..8).map(|_| start()).collect();
    let ended: Vec<_> = all.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let codes: Vec<_> = ended.iter().map(|output| output.status.code()).collect();
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == Some(5)).count(), 7, "{codes:?}");
    let made = ended.iter().find(|output| output.status.success()).unwrap();
    assert_eq!(house.succeed(["identity", "show", "laptop"]).stdout.as_bytes(), made.stdout);
}

#[test]
fn damage_is_told_and_nothing_is_made_in_its_place() {
    let house = House::new();
    house.succeed(["identity", "new", "laptop"]);
    house.succeed(["identity", "new", "other"]);
    let public = file(&house, "laptop").with_extension("pub");
    fs::write(&public, "no key\n").unwrap();
    house.run(["identity", "show", "laptop"]).expect_code(5).says(&["cannot use the key in", "laptop.pub"]);
    let all = house.run(["identity", "show"]).expect_code(5);
    assert!(all.stdout.contains("identity     other"), "{}", all.stdout);
    fs::remove_file(&public).unwrap();
    for damaged in ["", "-----BEGIN PRIVATE KEY-----\nMC4\n-----END PRIVATE KEY-----\n"] {
        fs::write(file(&house, "laptop"), damaged).unwrap();
        house.run(["identity", "show", "laptop"]).expect_code(5).says(&["laptop.pem", "Restore the file"]);
        house.run(["identity", "new", "laptop"]).expect_code(5);
        assert_eq!(fs::read_to_string(file(&house, "laptop")).unwrap(), damaged);
    }
}

/// A pipe in place of a key is not waited for.
#[test]
fn what_is_no_file_is_nobody_s_key() {
    let house = House::new();
    house.succeed(["identity", "new", "laptop"]);
    fs::remove_file(file(&house, "laptop")).unwrap();
    pipe(&file(&house, "laptop"));
    house.run(["identity", "show"]).expect_code(8).says(&["laptop.pem", "not a regular file"]);
}

/// A passphrase that can be read only once protects both keys that a client makes at its first start.
#[test]
fn a_passphrase_from_a_pipe_is_read_once() {
    let house = House::new();
    let word = house.file("word");
    pipe(&word);
    let client = ["fog", "client", "--listen", "127.0.0.1:0", "--accept-any", "--message", "a", "--out", "out"];
    let client =
        house.start([&client[..], &["--bits", "2048", "--timeout", "1", "--passphrase-file", "word"]].concat());
    fs::write(&word, "correct horse\n").unwrap();
    client.end().expect_code(22);
    for key in [house.state().join("rsa/fog-client-2048.pem"), file(&house, "fog-client")] {
        assert!(is_protected(&key), "{}", key.display());
    }
}

/// Where it takes no passphrase to know better, the public half beside a key is not believed.
#[test]
fn a_foreign_public_key_is_shown_to_nobody() {
    let house = House::new();
    for name in ["mine", "other"] {
        house.succeed(["identity", "new", name]);
    }
    let public = |name: &str| file(&house, name).with_extension("pub");
    fs::copy(public("other"), public("mine")).unwrap();
    house.run(["identity", "show", "mine"]).expect_code(5).says(&["mine.pub", "exchanged"]);
    fs::write(public("mine"), "").unwrap();
    assert_eq!(house.run(["identity", "show", "mine"]).expect_code(5).stdout, "");
}
