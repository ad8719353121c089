//! Servers that are not who the user thinks they are.

use super::assert_refused;
use super::greetings::assert_unnamed;
use super::manner::{Answer, Manner, say};
use super::stage::Stage;
use super::watched::watch;

#[test]
fn an_unknown_certificate_is_refused_before_the_password() {
    let stage = Stage::new(Manner::honest());
    let ended = watch("unknown", stage.init_command().env_remove("HESTAT_SERVER_FINGERPRINT"));
    assert_refused("unknown", &ended, &[14]);
    ended.says(&["--server-fingerprint"]);
    assert_unnamed("unknown", &stage);
}

#[test]
fn another_certificate_than_the_pinned_one_is_refused_before_the_password() {
    let stage = Stage::new(Manner::honest());
    for pin in ["00".repeat(32), format!("SHA256:{}", "ab".repeat(32))] {
        let ended = watch("another pin", stage.init_command().env("HESTAT_SERVER_FINGERPRINT", pin));
        assert_refused("another pin", &ended, &[14, 15]);
        assert_unnamed("another pin", &stage);
    }
}

#[test]
fn a_changed_certificate_is_refused_loudly() {
    let stage = Stage::new(Manner::honest());
    stage.init("first").expect_code(0);
    stage.peer.heard();
    stage.peer.change_certificate();
    let ended = watch("changed", stage.init_command().env_remove("HESTAT_SERVER_FINGERPRINT"));
    assert_refused("changed", &ended, &[15]);
    assert_unnamed("changed", &stage);
    let job = stage.sandbox.jobs().concat();
    let ended = watch("changed", stage.command(&["result", &job]).env_remove("HESTAT_SERVER_FINGERPRINT"));
    assert_refused("changed", &ended, &[15]);
    assert_unnamed("changed", &stage);
}

#[test]
fn another_certificate_on_the_data_connection_gets_no_data() {
    let stage = Stage::new(Manner { two_faced: true, ..Manner::honest() });
    let ended = stage.init("two faces");
    assert_refused("two faces", &ended, &[15]);
    // The login went to the right server; to say that nothing was sent would be untrue.
    assert!(stage.peer.heard().iter().any(|line| line.starts_with("PASS ")));
    let told = ["User, password and file names were sent before", "nothing was sent over this data connection"];
    ended.says(&told).says(&["A DATA CONNECTION", "FROM ITS CONTROL CONNECTION"]);
    assert_eq!(stage.peer.received(), 0);
    assert!(!stage.has_dataset());
}

/// A wrong password is not tried again and again: servers lock accounts.
#[test]
fn a_wrong_password_is_said_once() {
    let stage = Stage::new(Manner::at("PASS", say("530 \x1b[31mwrong\x1b[0m \u{9b}2J\r")));
    assert_refused("wrong password", &stage.init("wrong password"), &[13]);
    let said = stage.peer.heard().iter().filter(|line| line.starts_with("PASS")).count();
    assert_eq!(said, 1);
    stage.peer.set_manner(Manner::at("USER", Answer::Say(b"530 nobody\r\n".into())));
    assert_refused("wrong user", &stage.init("wrong user"), &[13]);
}
