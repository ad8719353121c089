//! Files with secrets or trust decisions that options name.

use std::fs;
use std::path::Path;

use super::{OTHER_USER, assert_not_private, can_chown, chown_all, set_mode};
use crate::programs::output;
use crate::sandbox::{CommandOutput, Sandbox, TestServer, path};

/// Fails unless the command refuses the file `name` while other users can write to it, replace it or own it, and ends
/// with `code` otherwise.
#[track_caller]
fn assert_must_be_private(sandbox: &Sandbox, name: &str, code: i32, run: impl Fn() -> CommandOutput) {
    let file = sandbox.file(name);
    let before = fs::metadata(&file).unwrap().permissions();
    for mode in [0o620, 0o602] {
        set_mode(&file, mode);
        assert_not_private(run(), &file, "chmod go-w");
    }
    fs::set_permissions(&file, before).unwrap();
    set_mode(&sandbox.work(), 0o777);
    assert_not_private(run(), &sandbox.work(), "chmod go-w");
    set_mode(&sandbox.work(), 0o755);
    if can_chown() {
        chown_all(&file, OTHER_USER);
        assert_not_private(run(), &file, "chown 0");
        chown_all(&file, 0);
    }
    run().expect_code(code);
}

#[test]
fn password_and_certificate_files_of_a_client_must_be_private() {
    let served = TestServer::new(&[]);
    let sandbox = &served.sandbox;
    fs::copy(served.password_file(), sandbox.file("password")).unwrap();
    fs::copy(served.certificate(), sandbox.file("certificate")).unwrap();
    sandbox.write(".netrc", format!("default login hestat password {}\n", served.password()));
    let ping = |options: &[&str]| sandbox.run(["ping", "--server", served.url()].iter().chain(options));
    let pin = ["--server-fingerprint", served.fingerprint()];
    assert_must_be_private(sandbox, "password", 0, || ping(&[&pin[..], &["--password-file", "password"]].concat()));
    assert_must_be_private(sandbox, ".netrc", 0, || ping(&pin));
    assert_must_be_private(sandbox, "certificate", 0, || ping(&["--server-certificate", "certificate"]));
    assert_must_be_private(sandbox, "certificate", 0, || ping(&["--server-ca", "certificate"]));
}

#[test]
fn a_passphrase_file_must_be_private() {
    let sandbox = Sandbox::new();
    sandbox.write("data.csv", "a\n1\n");
    sandbox.write("passphrase", "correct horse\n");
    let url = sandbox.url();
    let init =
        || sandbox.run(["init", "--quiet", "--input", "data.csv", "--server", &url, "--passphrase-file", "passphrase"]);
    assert_must_be_private(&sandbox, "passphrase", 0, init);
}

#[test]
fn certificate_key_and_password_files_of_a_server_must_be_private() {
    let sandbox = Sandbox::new();
    sandbox.run(["serve", "--prepare", "--data", "data", "--server-state", "state"]).expect_code(0);
    for name in ["certificate.pem", "key.pem", "password"] {
        fs::copy(sandbox.file("state").join(name), sandbox.file(name)).unwrap();
    }
    let serve = |options: &[&str]| {
        sandbox.run(["serve", "--prepare", "--data", "data", "--server-state", "state"].iter().chain(options))
    };
    let pair = ["--certificate", "certificate.pem", "--certificate-key", "key.pem"];
    assert_must_be_private(&sandbox, "certificate.pem", 0, || serve(&pair));
    assert_must_be_private(&sandbox, "key.pem", 0, || serve(&pair));
    assert_must_be_private(&sandbox, "password", 0, || serve(&["--password-file", "password"]));
}

#[test]
fn key_and_node_list_files_of_a_fog_client_must_be_private() {
    let sandbox = Sandbox::new();
    sandbox.write("nodes", "");
    sandbox.run(["identity", "new", "fog-client"]).expect_code(0);
    let key = sandbox.file("key");
    output("openssl", ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", path(&key)]);
    set_mode(&key, 0o600);
    let client = || {
        let options = ["--listen", "127.0.0.1:0", "--message", "m", "--timeout", "1", "--allow-peer", "nodes"];
        sandbox.run(["fog", "client", "--quiet", "--out", "out", "--key", "key"].into_iter().chain(options))
    };
    assert_must_be_private(&sandbox, "nodes", 22, client);
    assert_must_be_private(&sandbox, "key", 22, client);
}

#[test]
fn symbolic_links_on_the_path_must_belong_to_the_user_or_root() {
    if !can_chown() {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write("data.csv", "a\n1\n");
    fs::create_dir(sandbox.file("real")).unwrap();
    let link = sandbox.file("link");
    std::os::unix::fs::symlink("real", &link).unwrap();
    let init = |state: &Path| -> CommandOutput {
        let mut command = sandbox.command(["init", "--input", "data.csv", "--server", &sandbox.url()]);
        command.env("HESTAT_STATE", state).output().unwrap().into()
    };
    init(&link.join("state")).expect_code(0);
    std::os::unix::fs::lchown(&link, Some(OTHER_USER), None).unwrap();
    assert_not_private(init(&link.join("state")), &link, "chown -h 0");
    assert_not_private(init(&link), &link, "chown -h 0");
}
