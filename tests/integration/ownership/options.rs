//! Files of secrets and trust that are named by options.

use std::fs;
use std::path::Path;

use super::{OTHER_USER, assert_refused, give, set_mode};
use crate::sandbox::{CommandOutput, Sandbox, TestServer, is_root, skip};

/// Fails unless the command refuses the file `name` while others can write to it or own it, and ends with `code`
/// otherwise.
#[track_caller]
fn assert_private(sandbox: &Sandbox, name: &str, code: i32, run: impl Fn() -> CommandOutput) {
    let file = sandbox.file(name);
    let before = fs::metadata(&file).unwrap().permissions();
    for mode in [0o620, 0o602] {
        set_mode(&file, mode);
        assert_refused(run(), &file, "chmod go-w");
    }
    fs::set_permissions(&file, before).unwrap();
    set_mode(&sandbox.work(), 0o777);
    assert_refused(run(), &sandbox.work(), "chmod go-w");
    set_mode(&sandbox.work(), 0o755);
    if is_root() {
        give(&file, OTHER_USER);
        assert_refused(run(), &file, "chown 0");
        give(&file, 0);
    }
    run().expect_code(code);
}

#[test]
fn files_of_a_client() {
    let served = TestServer::new(&[]);
    let sandbox = &served.sandbox;
    fs::copy(served.password_file(), sandbox.file("password")).unwrap();
    fs::copy(served.certificate(), sandbox.file("certificate")).unwrap();
    sandbox.write(".netrc", format!("default login hestat password {}\n", served.password()));
    let ping = |options: &[&str]| sandbox.run(["ping", "--server", served.url()].iter().chain(options));
    let pin = ["--server-fingerprint", served.fingerprint()];
    assert_private(sandbox, "password", 0, || ping(&[&pin[..], &["--password-file", "password"]].concat()));
    assert_private(sandbox, ".netrc", 0, || ping(&pin));
    assert_private(sandbox, "certificate", 0, || ping(&["--server-certificate", "certificate"]));
    assert_private(sandbox, "certificate", 0, || ping(&["--server-ca", "certificate"]));
}

#[test]
fn a_passphrase_file() {
    let sandbox = Sandbox::new();
    sandbox.write("data.csv", "a\n1\n");
    sandbox.write("passphrase", "correct horse\n");
    let url = sandbox.url();
    let init =
        || sandbox.run(["init", "--quiet", "--input", "data.csv", "--server", &url, "--passphrase-file", "passphrase"]);
    assert_private(&sandbox, "passphrase", 0, init);
}

#[test]
fn files_of_a_server() {
    let sandbox = Sandbox::new();
    sandbox.run(["serve", "--prepare", "--data", "data", "--server-state", "state"]).expect_code(0);
    for name in ["certificate.pem", "key.pem", "password"] {
        fs::copy(sandbox.file("state").join(name), sandbox.file(name)).unwrap();
    }
    let serve = |options: &[&str]| {
        sandbox.run(["serve", "--prepare", "--data", "data", "--server-state", "state"].iter().chain(options))
    };
    let pair = ["--certificate", "certificate.pem", "--certificate-key", "key.pem"];
    assert_private(&sandbox, "certificate.pem", 0, || serve(&pair));
    assert_private(&sandbox, "key.pem", 0, || serve(&pair));
    assert_private(&sandbox, "password", 0, || serve(&["--password-file", "password"]));
}

#[test]
fn files_of_fog_peers() {
    let sandbox = Sandbox::new();
    sandbox.write("nodes", "");
    sandbox.run(["identity", "new", "fog-client"]).expect_code(0);
    let pem = |bits: &str| {
        let openssl = ["genpkey", "-algorithm", "RSA", "-pkeyopt", &format!("rsa_keygen_bits:{bits}"), "-out", "key"];
        let made = std::process::Command::new("openssl").args(openssl).current_dir(sandbox.work()).output().unwrap();
        assert!(made.status.success());
    };
    pem("2048");
    set_mode(&sandbox.file("key"), 0o600);
    let client = || {
        let options = ["--listen", "127.0.0.1:0", "--message", "m", "--timeout", "1", "--allow-peer", "nodes"];
        sandbox.run(["fog", "client", "--quiet", "--out", "out", "--key", "key"].into_iter().chain(options))
    };
    assert_private(&sandbox, "nodes", 22, client);
    assert_private(&sandbox, "key", 22, client);
}

#[test]
fn symbolic_links_on_the_path_must_belong_to_the_user_or_root() {
    if !is_root() {
        return skip("only root can give files to other users");
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
    assert_refused(init(&link.join("state")), &link, "chown -h 0");
    assert_refused(init(&link), &link, "chown -h 0");
}
