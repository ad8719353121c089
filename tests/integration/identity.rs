//! `hestat identity` and its key files, which openssl reads and writes too.

mod openssl;
mod store;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use hestat::crypto::{Passphrase, RsaPrivateKey};
use hestat::keystore::{KeyStoreError, PrivateKeyFile, is_protected};
use rustix::fs::{CWD, FileType, Mode};

use crate::sandbox::{Sandbox, entries, path};

/// The file of an identity's private key.
fn file(sandbox: &Sandbox, name: &str) -> PathBuf {
    sandbox.state().join("identities").join(format!("{name}.pem"))
}

fn read_rsa(path: &Path, passphrase: Option<&Passphrase>) -> Result<RsaPrivateKey, KeyStoreError> {
    PrivateKeyFile::read(path)?.rsa(passphrase)
}

/// Creates a named pipe.
fn make_pipe(path: &Path) {
    rustix::fs::mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn new_identities_are_shown() {
    let sandbox = Sandbox::new();
    sandbox.run(["identity", "show"]).expect_code(0).says(&["there are no identities"]);
    sandbox
        .run(["identity", "show", "laptop"])
        .expect_code(5)
        .says(&["laptop.pem does not exist", "hestat identity new"]);
    let created = sandbox.succeed(["identity", "new", "laptop"]).stdout;
    let default = sandbox.succeed(["identity", "new", "--json"]).json();
    assert_eq!((&default["name"], &default["protected"]), (&"default".into(), &false.into()));
    assert_eq!(default["file"], path(&file(&sandbox, "default")));
    assert_eq!(sandbox.succeed(["identity", "show", "laptop"]).stdout, created);
    assert_eq!(sandbox.succeed(["identity", "show", "default", "--json"]).json(), default);
    let all = sandbox.succeed(["identity", "show", "--json"]).json();
    assert_eq!((all.as_array().unwrap().len(), &all[0], &all[1]["name"]), (2, &default, &"laptop".into()));
    for line in ["identity     laptop", "fingerprint  ", path(&file(&sandbox, "laptop"))] {
        assert!(
            created.contains(line) && sandbox.succeed(["identity", "show"]).stdout.contains(line),
            "{line}: {created}"
        );
    }
}

#[test]
fn no_key_is_replaced_and_no_name_is_a_path() {
    let sandbox = Sandbox::new();
    sandbox.succeed(["identity", "new", "laptop"]);
    let before = fs::read(file(&sandbox, "laptop")).unwrap();
    sandbox.run(["identity", "new", "laptop"]).expect_code(5).says(&[
        "key file",
        "already exists",
        "give another name",
    ]);
    assert_eq!(fs::read(file(&sandbox, "laptop")).unwrap(), before);
    let long = "x".repeat(65);
    for name in ["../laptop", "a/b", ".hidden", "..", "a b", "a\nb", "größe", &long, "a\u{1b}[2J"] {
        for command in ["new", "show"] {
            sandbox.run(["identity", command, name]).expect_code(2).says(&["a key's name has 1 to 64 ASCII letters"]);
        }
    }
    assert_eq!(entries(&sandbox.state().join("identities")), [".lock", "laptop.pem", "laptop.pub"]);
    assert_eq!(entries(&sandbox.state()), ["identities"]);
}

#[test]
fn private_keys_are_readable_by_their_owner_only_whatever_the_umask() {
    let sandbox = Sandbox::new();
    let hestat = env!("CARGO_BIN_EXE_hestat");
    let script = format!("umask 000; exec {hestat} identity new laptop");
    let mut shell = crate::programs::program("sh");
    shell.args(["-c", &script]).env("HESTAT_STATE", sandbox.state());
    crate::programs::run(&mut shell).expect_code(0);
    assert_eq!(mode(&file(&sandbox, "laptop")), 0o600);
    assert_eq!((mode(&sandbox.state()), mode(&sandbox.state().join("identities"))), (0o700, 0o700));
    fs::set_permissions(file(&sandbox, "laptop"), fs::Permissions::from_mode(0o644)).unwrap();
    sandbox
        .run(["identity", "show", "laptop"])
        .expect_code(0)
        .says(&["other users of this machine can read", "chmod 600"]);
}

#[test]
fn a_protected_identity_is_shown_without_its_passphrase() {
    let sandbox = Sandbox::new();
    sandbox.write("right", "correct horse\n");
    sandbox.write("wrong", "correct donkey\n");
    let created = sandbox.succeed(["identity", "new", "safe", "--passphrase-file", "right", "--json"]).json();
    assert_eq!(created["protected"], true);
    assert_eq!(sandbox.succeed(["identity", "show", "safe", "--json"]).json(), created);
    sandbox
        .run(["identity", "new", "other", "--passphrase"])
        .expect_code(2)
        .says(&["there is no terminal to ask for the passphrase; use --passphrase-file"]);
    assert!(!file(&sandbox, "other").exists());
    fs::remove_file(file(&sandbox, "safe").with_extension("pub")).unwrap();
    sandbox.run(["identity", "show"]).expect_code(5).says(&["is protected by a passphrase", "--passphrase-file"]);
    let with = |name: &str| sandbox.run(["identity", "show", "safe", "--json", "--passphrase-file", name]);
    with("wrong")
        .expect_code(5)
        .says(&["the passphrase does not decrypt the private key", "Try again with the right passphrase."]);
    assert_eq!(with("right").expect_code(0).json(), created);
}

#[test]
fn eight_commands_at_once_create_one_identity() {
    let sandbox = Sandbox::new();
    let start = || sandbox.command(["identity", "new", "laptop"]).spawn().unwrap();
    let commands: Vec<_> = (0..8).map(|_| start()).collect();
    let outputs: Vec<_> = commands.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let codes: Vec<_> = outputs.iter().map(|output| output.status.code()).collect();
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == Some(5)).count(), 7, "{codes:?}");
    let created = outputs.iter().find(|output| output.status.success()).unwrap();
    assert_eq!(sandbox.succeed(["identity", "show", "laptop"]).stdout.as_bytes(), created.stdout);
}

#[test]
fn damaged_keys_are_reported_and_not_replaced() {
    let sandbox = Sandbox::new();
    sandbox.succeed(["identity", "new", "laptop"]);
    sandbox.succeed(["identity", "new", "other"]);
    let public = file(&sandbox, "laptop").with_extension("pub");
    fs::write(&public, "no key\n").unwrap();
    sandbox.run(["identity", "show", "laptop"]).expect_code(5).says(&["cannot use the key in", "laptop.pub"]);
    let all = sandbox.run(["identity", "show"]).expect_code(5);
    assert!(all.stdout.contains("identity     other"), "{}", all.stdout);
    fs::remove_file(&public).unwrap();
    for damaged in ["", "-----BEGIN PRIVATE KEY-----\nMC4\n-----END PRIVATE KEY-----\n"] {
        fs::write(file(&sandbox, "laptop"), damaged).unwrap();
        sandbox.run(["identity", "show", "laptop"]).expect_code(5).says(&["laptop.pem", "Restore the file"]);
        sandbox.run(["identity", "new", "laptop"]).expect_code(5);
        assert_eq!(fs::read_to_string(file(&sandbox, "laptop")).unwrap(), damaged);
    }
}

/// A pipe in place of a key file does not block the command.
#[test]
fn a_pipe_is_not_a_key_file() {
    let sandbox = Sandbox::new();
    sandbox.succeed(["identity", "new", "laptop"]);
    fs::remove_file(file(&sandbox, "laptop")).unwrap();
    make_pipe(&file(&sandbox, "laptop"));
    sandbox.run(["identity", "show"]).expect_code(8).says(&["laptop.pem", "not a regular file"]);
}

/// A passphrase that can be read only once protects both keys that a client creates at its first start.
#[test]
fn a_passphrase_from_a_pipe_is_read_once() {
    let sandbox = Sandbox::new();
    let passphrase = sandbox.file("word");
    make_pipe(&passphrase);
    let client = ["fog", "client", "--listen", "127.0.0.1:0", "--accept-any", "--message", "a", "--out", "out"];
    let client =
        sandbox.start([&client[..], &["--bits", "2048", "--timeout", "1", "--passphrase-file", "word"]].concat());
    fs::write(&passphrase, "correct horse\n").unwrap();
    client.end().expect_code(22);
    for key in [sandbox.state().join("rsa/fog-client-2048.pem"), file(&sandbox, "fog-client")] {
        assert!(is_protected(&key), "{}", key.display());
    }
}

/// If the private key is not protected, the public key file is compared with it.
#[test]
fn the_public_key_of_another_identity_is_not_shown() {
    let sandbox = Sandbox::new();
    for name in ["mine", "other"] {
        sandbox.succeed(["identity", "new", name]);
    }
    let public = |name: &str| file(&sandbox, name).with_extension("pub");
    fs::copy(public("other"), public("mine")).unwrap();
    sandbox.run(["identity", "show", "mine"]).expect_code(5).says(&["mine.pub", "exchanged"]);
    fs::write(public("mine"), "").unwrap();
    assert_eq!(sandbox.run(["identity", "show", "mine"]).expect_code(5).stdout, "");
}
