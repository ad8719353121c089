//! Servers with the wrong certificate, and wrong passwords.

use super::assert_refused;
use super::behavior::{Behavior, Reaction, send_reply};
use super::fixture::Fixture;
use super::greetings::assert_no_login;
use super::monitor::run_monitored;

#[test]
fn an_unknown_certificate_is_refused_before_the_password() {
    let fixture = Fixture::new(Behavior::correct());
    let output = run_monitored("unknown", fixture.init_command().env_remove("HESTAT_SERVER_FINGERPRINT"));
    assert_refused("unknown", &output, &[14]);
    output.says(&["--server-fingerprint"]);
    assert_no_login("unknown", &fixture);
}

#[test]
fn another_certificate_than_the_pinned_one_is_refused_before_the_password() {
    let fixture = Fixture::new(Behavior::correct());
    for pin in ["00".repeat(32), format!("SHA256:{}", "ab".repeat(32))] {
        let output = run_monitored("another pin", fixture.init_command().env("HESTAT_SERVER_FINGERPRINT", pin));
        assert_refused("another pin", &output, &[14, 15]);
        assert_no_login("another pin", &fixture);
    }
}

#[test]
fn a_changed_certificate_is_refused() {
    let fixture = Fixture::new(Behavior::correct());
    fixture.init("first").expect_code(0);
    fixture.server.received_lines();
    fixture.server.change_certificate();
    let output = run_monitored("changed", fixture.init_command().env_remove("HESTAT_SERVER_FINGERPRINT"));
    assert_refused("changed", &output, &[15]);
    assert_no_login("changed", &fixture);
    let job = fixture.sandbox.jobs().concat();
    let output = run_monitored("changed", fixture.command(&["result", &job]).env_remove("HESTAT_SERVER_FINGERPRINT"));
    assert_refused("changed", &output, &[15]);
    assert_no_login("changed", &fixture);
}

#[test]
fn another_certificate_on_the_data_connection_gets_no_data() {
    let fixture = Fixture::new(Behavior { other_data_certificate: true, ..Behavior::correct() });
    let output = fixture.init("two faces");
    assert_refused("two faces", &output, &[15]);
    // The login went to the right server, so the message must not claim that nothing was sent.
    assert!(fixture.server.received_lines().iter().any(|line| line.starts_with("PASS ")));
    let words = ["User, password and file names were sent before", "nothing was sent over this data connection"];
    output.says(&words).says(&["A DATA CONNECTION", "FROM ITS CONTROL CONNECTION"]);
    assert_eq!(fixture.server.received(), 0);
    assert!(!fixture.has_dataset());
}

/// A wrong password is not retried: servers lock accounts.
#[test]
fn a_wrong_password_is_sent_once() {
    let fixture = Fixture::new(Behavior::at("PASS", send_reply("530 \x1b[31mwrong\x1b[0m \u{9b}2J\r")));
    assert_refused("wrong password", &fixture.init("wrong password"), &[13]);
    let attempts = fixture.server.received_lines().iter().filter(|line| line.starts_with("PASS")).count();
    assert_eq!(attempts, 1);
    fixture.server.set_behavior(Behavior::at("USER", Reaction::Send(b"530 unknown user\r\n".into())));
    assert_refused("wrong user", &fixture.init("wrong user"), &[13]);
}
