//! A server is the right one, or nothing is sent.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use super::ping;
use crate::sandbox::{CommandOutput, Sandbox, TestServer};

/// A certificate made by openssl, with its key, for a server and, if `authority` says so, by that one.
fn openssl(sandbox: &Sandbox, name: &str, extra: &[&str]) -> (String, String) {
    let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
    command.args(["-subj", &format!("/CN={name}"), "-keyout", &key, "-out", &certificate]).args(extra);
    let output = command.current_dir(sandbox.work()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    (certificate, key)
}

#[test]
fn an_unknown_server_gets_nothing_without_a_terminal() {
    let served = TestServer::new(&[]);
    let sandbox = &served.sandbox;
    let password = served.password_file();
    ping(sandbox, served.url(), &["--password-file", password]).expect_code(14).says(&[
        served.fingerprint(),
        "--server-fingerprint",
        "has not been seen before",
    ]);
    assert!(!sandbox.state().join("known_servers").exists());
    assert!(!served.log().contains("login"), "not even the name of the account: {}", served.log());
}

#[test]
fn a_server_met_by_its_pin_is_remembered_and_a_changed_one_refused() {
    let mut served = TestServer::new(&[]);
    let (first, password) = (served.fingerprint().to_owned(), served.password_file().to_owned());
    let ping = |served: &TestServer, pin: &[&str]| {
        ping(&served.sandbox, served.url(), &[&["--password-file", password.as_str()], pin].concat())
    };
    let plain_hex = first.trim_start_matches("SHA256:").replace(':', "").to_lowercase();
    ping(&served, &["--server-fingerprint", &plain_hex]).expect_code(0);
    let known = fs::read_to_string(served.sandbox.state().join("known_servers")).unwrap();
    assert_eq!(known, format!("{} {first}\n", served.address()));
    ping(&served, &[]).expect_code(0);

    served.kill();
    fs::remove_file(served.sandbox.file("server-state/key.pem")).unwrap();
    served.start_again(&[]);
    let new = served.fingerprint();
    ping(&served, &[]).expect_code(15).says(&["DOES NOT MATCH", &first, new, "Nothing was sent over this connection"]);
    ping(&served, &["--server-fingerprint", new]).expect_code(0);
    ping(&served, &[]).expect_code(0);
}

#[test]
fn a_copy_of_the_certificate_is_a_pin() {
    let served = TestServer::new(&[]);
    let sandbox = &served.sandbox;
    let (certificate, password) = (served.certificate(), served.password_file());
    let with = |certificate: &str| {
        ping(sandbox, served.url(), &["--server-certificate", certificate, "--password-file", password])
    };
    with(certificate).expect_code(0);
    let (other, key) = openssl(sandbox, "other", &[]);
    with(&other).expect_code(15).says(&["other.pem"]);
    with(&key).expect_code(8).says(&["it contains no PEM certificate"]);
    with("nowhere.pem").expect_code(8).says(&["nowhere.pem"]);
    // What the command line says goes before what a variable says.
    let mut command = sandbox.command(["ping", "--server", served.url(), "--password-file", served.password_file()]);
    command.args(["--server-fingerprint", served.fingerprint()]).env("HESTAT_SERVER_CERTIFICATE", &other);
    CommandOutput::from(command.output().unwrap()).expect_code(0);
    command.env_remove("HESTAT_SERVER_CERTIFICATE").arg("--server-certificate=x");
    CommandOutput::from(command.output().unwrap()).expect_code(2).says(&["cannot be used with"]);
}

#[test]
fn an_authority_vouches_for_names_and_is_not_remembered() {
    let sandbox = Sandbox::new();
    let (authority, authority_key) = openssl(&sandbox, "authority", &[]);
    let signed = ["-CA", &authority, "-CAkey", &authority_key, "-addext", "subjectAltName=DNS:localhost"];
    let end = ["-addext", "basicConstraints=critical,CA:FALSE"];
    let (certificate, key) = openssl(&sandbox, "served", &[signed.as_slice(), end.as_slice()].concat());
    let served = TestServer::start(sandbox, &["--certificate", &certificate, "--certificate-key", &key]);
    let (sandbox, password) = (&served.sandbox, served.password_file());
    let with =
        |url: &str, authority: &str| ping(sandbox, url, &["--server-ca", authority, "--password-file", password]);
    let by_name = served.url().replace("127.0.0.1", "localhost");
    with(&by_name, &authority).expect_code(0);
    assert!(!sandbox.state().join("known_servers").exists());
    with(served.url(), &authority).expect_code(14).says(&["the authorities in authority.pem"]);
    let (other, _) = openssl(sandbox, "other", &[]);
    with(&by_name, &other).expect_code(14);
}

#[test]
fn plain_ftp_needs_both_sides_to_want_it() {
    let mut served = TestServer::new(&["--insecure-plain-ftp"]);
    let password = served.password_file().to_owned();
    let ping = |served: &TestServer, url: &str, consent: &[&str]| {
        ping(&served.sandbox, url, &[&["--password-file", password.as_str()], consent].concat())
    };
    let plain = served.url().to_owned();
    assert!(plain.starts_with("ftp://"), "{plain}");
    ping(&served, &plain, &[]).expect_code(2).says(&["in plain", "--insecure-plain-ftp"]);
    let begun = Instant::now();
    let pinged = ping(&served, &plain, &["--insecure-plain-ftp"]).expect_code(0);
    assert!(!pinged.stderr.contains("; retry "), "{pinged:?}");
    assert!(begun.elapsed() < Duration::from_secs(20), "an upload that waits for a timeout");
    served.restart(&[]);
    assert!(served.url().starts_with("ftps://"), "{}", served.url());
    ping(&served, &plain, &["--insecure-plain-ftp"]).says(&["AUTH TLS first"]);
}
