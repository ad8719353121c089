//! A server is the right one, or nothing is sent.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{ping, served};
use crate::house::{Ended, House, Served, path};

/// A certificate made by openssl, with its key, for a server and, if `authority` says so, by that one.
fn openssl(house: &House, name: &str, extra: &[&str]) -> (String, String) {
    let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
    command.args(["-subj", &format!("/CN={name}"), "-keyout", &key, "-out", &certificate]).args(extra);
    let output = command.current_dir(house.work()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    (certificate, key)
}

#[test]
fn an_unknown_server_gets_nothing_without_a_terminal() {
    let (house, served) = served();
    let password = served.password_file();
    ping(&house, &served.url(), &["--password-file", path(&password)]).expect_code(14).says(&[
        &served.fingerprint(),
        "--server-fingerprint",
        "nothing here says",
    ]);
    assert!(!house.state().join("known_servers").exists());
    assert!(!served.log().contains("login"), "not even the name of the account: {}", served.log());
}

#[test]
fn a_server_met_by_its_pin_is_remembered_and_a_changed_one_refused() {
    let (house, served) = served();
    let (fingerprint, password) = (served.fingerprint(), served.password_file());
    let with_password = ["--password-file", path(&password)];
    let plain_hex = fingerprint.trim_start_matches("SHA256:").replace(':', "").to_lowercase();
    ping(&house, &served.url(), &["--server-fingerprint", &plain_hex, with_password[0], with_password[1]])
        .expect_code(0);
    let known = fs::read_to_string(house.state().join("known_servers")).unwrap();
    assert_eq!(known, format!("{} {fingerprint}\n", served.address()));
    ping(&house, &served.url(), &with_password).expect_code(0);

    let address = served.address();
    drop(served);
    fs::remove_file(house.file("server-state/key.pem")).unwrap();
    let changed = Served::listen(&house, &address, &[]);
    ping(&house, &changed.url(), &with_password).expect_code(15).says(&[
        "ANOTHER CERTIFICATE",
        &fingerprint,
        &changed.fingerprint(),
        "Nothing was sent",
    ]);
    let new = changed.fingerprint();
    ping(&house, &changed.url(), &["--server-fingerprint", &new, with_password[0], with_password[1]]).expect_code(0);
    ping(&house, &changed.url(), &with_password).expect_code(0);
}

#[test]
fn a_copy_of_the_certificate_is_a_pin() {
    let (house, served) = served();
    let (certificate, password) = (served.certificate(), served.password_file());
    let with = |certificate: &str| {
        ping(&house, &served.url(), &["--server-certificate", certificate, "--password-file", path(&password)])
    };
    with(path(&certificate)).expect_code(0);
    let (other, key) = openssl(&house, "other", &[]);
    with(&other).expect_code(15).says(&["other.pem"]);
    with(&key).expect_code(8).says(&["there is no certificate in it"]);
    with("nowhere.pem").expect_code(8).says(&["nowhere.pem"]);
    // What the command line says goes before what a variable says.
    let mut command = house.command(["ping", "--server", &served.url(), "--password-file", path(&password)]);
    command.args(["--server-fingerprint", &served.fingerprint()]).env("HESTAT_SERVER_CERTIFICATE", &other);
    Ended::from(command.output().unwrap()).expect_code(0);
    command.env_remove("HESTAT_SERVER_CERTIFICATE").arg("--server-certificate=x");
    Ended::from(command.output().unwrap()).expect_code(2).says(&["cannot be used with"]);
}

#[test]
fn an_authority_vouches_for_names_and_is_not_remembered() {
    let house = House::new();
    let (authority, authority_key) = openssl(&house, "authority", &[]);
    let signed = ["-CA", &authority, "-CAkey", &authority_key, "-addext", "subjectAltName=DNS:localhost"];
    let end = ["-addext", "basicConstraints=critical,CA:FALSE"];
    let (certificate, key) = openssl(&house, "served", &[signed.as_slice(), end.as_slice()].concat());
    let served = Served::start(&house, &["--certificate", &certificate, "--certificate-key", &key]);
    let password = served.password_file();
    let with =
        |url: &str, authority: &str| ping(&house, url, &["--server-ca", authority, "--password-file", path(&password)]);
    let by_name = served.url().replace("127.0.0.1", "localhost");
    with(&by_name, &authority).expect_code(0);
    assert!(!house.state().join("known_servers").exists());
    with(&served.url(), &authority).expect_code(14).says(&["by the authorities in authority.pem"]);
    let (other, _) = openssl(&house, "other", &[]);
    with(&by_name, &other).expect_code(14);
}

#[test]
fn plain_ftp_needs_both_sides_to_want_it() {
    let house = House::new();
    let served = Served::start(&house, &["--insecure-plain-ftp"]);
    let password = served.password_file();
    let options = ["--password-file", path(&password)];
    assert!(served.url().starts_with("ftp://"), "{}", served.url());
    ping(&house, &served.url(), &options).expect_code(2).says(&["in plain", "--insecure-plain-ftp"]);
    let begun = Instant::now();
    let pinged = ping(&house, &served.url(), &[options.as_slice(), &["--insecure-plain-ftp"]].concat()).expect_code(0);
    assert!(!pinged.stderr.contains("going on from there"), "{pinged:?}");
    assert!(begun.elapsed() < Duration::from_secs(20), "an upload that waits for a timeout");
    drop(served);
    let strict = Served::start(&house, &[]);
    let plain = strict.url().replace("ftps://", "ftp://");
    ping(&house, &plain, &[options.as_slice(), &["--insecure-plain-ftp"]].concat()).says(&["AUTH TLS first"]);
}
