//! What an eavesdropper records of a whole job holds no value, no column name and no password.

use super::customer::{Customer, run};
use super::proxy::{Ports, Proxy};
use crate::sandbox::{Sandbox, TestServer, path};

/// Names and values that occur nowhere by chance.
pub(crate) const NAMES: [&str; 2] = ["unmistakable_income", "unheard_of_weight"];
const VALUES: [&str; 3] = ["73519284", "-918273.645", "50607080.9125"];
const PASSWORD: &str = "unguessable-Zypresse-4711";

pub(crate) fn table() -> String {
    let [first, second, third] = VALUES;
    format!("{},{}\n{first},{second}\n{third},12\n{first},7\n", NAMES[0], NAMES[1])
}

/// Runs a whole job through the proxy, `forget` and `ping` too, and gives everything that passed.
fn conversation(options: &[&str]) -> Vec<u8> {
    let (sandbox, ports) = (Sandbox::new(), Ports::free());
    let proxy = Proxy::start(&ports);
    let (password, passive) = (sandbox.write("password", PASSWORD), ports.option());
    let given = [options, &["--password-file", path(&password), &passive]].concat();
    let served = TestServer::listen(sandbox, ports.listen_address(), &given);
    let sandbox = &served.sandbox;
    let customer = Customer::new(&served, proxy.address()).with("HESTAT_PASSWORD_FILE", path(&password));
    let customer = if options.is_empty() { customer } else { customer.plain() };
    sandbox.write("table.csv", table());
    customer.ping(sandbox).expect_code(0);
    let job = customer.send(sandbox, "table.csv");
    let statistics = customer.fetch(sandbox, &job);
    assert!(NAMES.iter().all(|name| holds(&statistics, name.as_bytes())));
    run(&mut customer.command(sandbox, &["forget", &job])).expect_code(0);
    proxy.recording()
}

/// Each name and value as it is written, and each value as programs keep it: as a double and as integers.
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
        secrets.push((format!("{value} as an integer, big end first"), digits.to_be_bytes().into()));
    }
    secrets
}

pub(crate) fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[track_caller]
fn assert_nothing_in(recording: &[u8]) {
    assert!(recording.len() > 10_000, "only {} bytes were recorded", recording.len());
    for (name, secret) in secrets() {
        assert!(!holds(recording, &secret), "{name} was sent");
    }
}

#[test]
fn a_recorded_conversation_holds_no_secret() {
    let recording = conversation(&[]);
    assert_nothing_in(&recording);
    for word in [PASSWORD, "USER", "PASS", "dataset.hes", "inbox"] {
        assert!(!holds(&recording, word.as_bytes()), "{word} was sent in the clear");
    }
}

/// The search finds what is there: without TLS, the password; but even then no value and no name.
#[test]
fn even_without_tls_only_the_password_can_be_read() {
    let recording = conversation(&["--insecure-plain-ftp"]);
    assert_nothing_in(&recording);
    for word in [PASSWORD, "dataset.hes", "inbox"] {
        assert!(holds(&recording, word.as_bytes()), "{word} was not recorded");
    }
}
