//! Files of secrets and trust that options name.

use std::fs;
use std::path::Path;

use super::{SOMEBODY, assert_refused, give, is_root, set_mode};
use crate::sandbox::{CommandOutput, Sandbox, TestServer};

/// That the command does not run while others can write to the file `name`, or it is somebody else's, and does otherwise.
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
        give(&file, SOMEBODY);
        assert_refused(run(), &file, "chown 0");
        give(&file, 0);
    }
    run().expect_code(code);
}

#[test]
fn of_a_client() {
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
fn of_a_passphrase() {
    let sandbox = Sandbox::new();
    sandbox.write("data.csv", "a\n1\n");
    sandbox.write("word", "correct horse\n");
    let url = sandbox.url();
    let init =
        || sandbox.run(["init", "--quiet", "--input", "data.csv", "--server", &url, "--passphrase-file", "word"]);
    assert_private(&sandbox, "word", 0, init);
}

#[test]
fn of_a_server() {
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
fn of_peers() {
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
fn a_link_on_the_way_is_the_users_or_roots() {
    if !is_root() {
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
    std::os::unix::fs::lchown(&link, Some(SOMEBODY), None).unwrap();
    assert_refused(init(&link.join("state")), &link, "chown -h 0");
    assert_refused(init(&link), &link, "chown -h 0");
}
