//! A recording of a whole job's traffic contains no value, no column name and no password.

use super::client::TestClient;
use super::proxy::{Ports, Proxy};
use crate::programs::run;
use crate::sandbox::{Sandbox, TestServer, path};

/// Names and values that do not occur by chance.
pub(crate) const NAMES: [&str; 2] = ["unmistakable_income", "unheard_of_weight"];
const VALUES: [&str; 3] = ["73519284", "-918273.645", "50607080.9125"];
const PASSWORD: &str = "unguessable-Zypresse-4711";

pub(crate) fn table() -> String {
    let [first, second, third] = VALUES;
    format!("{},{}\n{first},{second}\n{third},12\n{first},7\n", NAMES[0], NAMES[1])
}

/// Runs a whole job through the proxy, with `forget` and `ping`. Returns all bytes that passed.
fn conversation(options: &[&str]) -> Vec<u8> {
    let (sandbox, ports) = (Sandbox::new(), Ports::free());
    let proxy = Proxy::start(&ports);
    let (password, passive) = (sandbox.write("password", PASSWORD), ports.option());
    let arguments = [options, &["--password-file", path(&password), &passive]].concat();
    let served = TestServer::listen(sandbox, ports.listen_address(), &arguments);
    let sandbox = &served.sandbox;
    let client = TestClient::new(&served, proxy.address()).with("HESTAT_PASSWORD_FILE", path(&password));
    let client = if options.is_empty() { client } else { client.without_tls() };
    sandbox.write("table.csv", table());
    client.ping(sandbox).expect_code(0);
    let job = client.send(sandbox, "table.csv");
    let statistics = client.fetch(sandbox, &job);
    assert!(NAMES.iter().all(|name| holds(&statistics, name.as_bytes())));
    run(&mut client.command(sandbox, &["forget", &job])).expect_code(0);
    proxy.recording()
}

/// Returns each name and value as text, and each value in binary: as a double and as an integer.
pub(crate) fn secrets() -> Vec<(String, Vec<u8>)> {
    let mut secrets: Vec<_> = NAMES.iter().chain(&VALUES).map(|text| (*text).into()).collect();
    secrets.push("unmistakable".into());
    let mut secrets: Vec<(String, Vec<u8>)> =
        secrets.into_iter().map(|text: String| (text.clone(), text.into_bytes())).collect();
    for value in VALUES {
        let double: f64 = value.parse().unwrap();
        secrets.push((format!("{value} as a double"), double.to_le_bytes().into()));
        let digits: i64 = value.replace('.', "").parse().unwrap();
        secrets.push((format!("{value} as an integer"), digits.to_le_bytes().into()));
        secrets.push((format!("{value} as a big-endian integer"), digits.to_be_bytes().into()));
    }
    secrets
}

pub(crate) fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[track_caller]
fn assert_no_secrets(recording: &[u8]) {
    assert!(recording.len() > 10_000, "only {} bytes were recorded", recording.len());
    for (name, secret) in secrets() {
        assert!(!holds(recording, &secret), "{name} was sent");
    }
}

#[test]
fn a_recorded_job_contains_no_secret() {
    let recording = conversation(&[]);
    assert_no_secrets(&recording);
    for word in [PASSWORD, "USER", "PASS", "dataset.hes", "inbox"] {
        assert!(!holds(&recording, word.as_bytes()), "{word} was sent in the clear");
    }
}

/// A control: the search finds what is there. Without TLS that is the password, but still no value and no name.
#[test]
fn even_without_tls_only_the_password_can_be_read() {
    let recording = conversation(&["--insecure-plain-ftp"]);
    assert_no_secrets(&recording);
    for word in [PASSWORD, "dataset.hes", "inbox"] {
        assert!(holds(&recording, word.as_bytes()), "{word} was not recorded");
    }
}
