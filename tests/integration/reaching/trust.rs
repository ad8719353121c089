//! Nothing is sent to a server that is not the right one.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use super::ping;
use crate::sandbox::{CommandOutput, Sandbox, TestServer};

/// Makes a certificate and its key with openssl. `extra` may name an authority that signs it; otherwise it is
/// self-signed. Returns the names of both files.
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
fn nothing_is_sent_to_an_unknown_server_without_a_terminal() {
    let served = TestServer::new(&[]);
    let sandbox = &served.sandbox;
    let password = served.password_file();
    ping(sandbox, served.url(), &["--password-file", password]).expect_code(14).says(&[
        served.fingerprint(),
        "--server-fingerprint",
        "has not been seen before",
    ]);
    assert!(!sandbox.state().join("known_servers").exists());
    assert!(!served.log().contains("login"), "the user name was not sent either: {}", served.log());
}

#[test]
fn a_pinned_server_is_stored_and_a_changed_one_refused() {
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
fn a_copy_of_the_certificate_pins_the_server() {
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
    // The command line takes precedence over environment variables.
    let mut command = sandbox.command(["ping", "--server", served.url(), "--password-file", served.password_file()]);
    command.args(["--server-fingerprint", served.fingerprint()]).env("HESTAT_SERVER_CERTIFICATE", &other);
    CommandOutput::from(command.output().unwrap()).expect_code(0);
    command.env_remove("HESTAT_SERVER_CERTIFICATE").arg("--server-certificate=x");
    CommandOutput::from(command.output().unwrap()).expect_code(2).says(&["cannot be used with"]);
}

#[test]
fn servers_signed_by_an_authority_are_checked_by_name_and_not_stored() {
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
fn plain_ftp_must_be_enabled_on_both_sides() {
    let mut served = TestServer::new(&["--insecure-plain-ftp"]);
    let password = served.password_file().to_owned();
    let ping = |served: &TestServer, url: &str, consent: &[&str]| {
        ping(&served.sandbox, url, &[&["--password-file", password.as_str()], consent].concat())
    };
    let plain = served.url().to_owned();
    assert!(plain.starts_with("ftp://"), "{plain}");
    ping(&served, &plain, &[]).expect_code(2).says(&["in plain", "--insecure-plain-ftp"]);
    let start = Instant::now();
    let pinged = ping(&served, &plain, &["--insecure-plain-ftp"]).expect_code(0);
    assert!(!pinged.stderr.contains("; retry "), "{pinged:?}");
    assert!(start.elapsed() < Duration::from_secs(20), "the upload waited for a timeout");
    served.restart(&[]);
    assert!(served.url().starts_with("ftps://"), "{}", served.url());
    ping(&served, &plain, &["--insecure-plain-ftp"]).says(&["AUTH TLS first"]);
}
