//! Servers that fail before TLS begins. Some are not FTP servers at all.

use super::behavior::{Behavior, Reaction, send_reply};
use super::fixture::Fixture;
use super::{assert_refused, try_all};

/// What is sent instead of a greeting, and the exit codes allowed.
fn greetings() -> Vec<(&'static str, Reaction, &'static [i32])> {
    let bytes = |bytes: &[u8]| Reaction::Send(bytes.into());
    vec![
        ("an endless line", Reaction::Endless(b"220 and so on ".into()), &[20]),
        ("a line of nothing", Reaction::Endless(vec![0]), &[20]),
        ("a reply of endless lines", Reaction::Endless(b"220-and so on\r\n".into()), &[20]),
        ("empty lines", Reaction::Endless(b"\r\n".into()), &[20]),
        ("a dripping line", Reaction::Drip(b"220 and so on ".into()), &[12]),
        ("dripping lines", Reaction::Drip(b"220-a\r\n".into()), &[12]),
        ("silence", Reaction::Silence, &[12]),
        ("the end", Reaction::Close, &[6, 11, 20]),
        ("no more connections", send_reply("421 too many of you"), &[6, 11, 20]),
        ("an error", send_reply("500 no"), &[6, 20]),
        ("no code", send_reply("hello"), &[20]),
        ("half a code", send_reply("22"), &[20]),
        ("a code of other digits", Reaction::Send("٢٢٠ ready\r\n".into()), &[20]),
        ("a code that does not exist", send_reply("999 ready"), &[6, 20]),
        ("a code that is too large", send_reply("220220220220220220220 ready"), &[6, 12, 20]),
        ("another protocol", send_reply("SSH-2.0-OpenSSH_9.2p1"), &[20]),
        ("a web server", send_reply("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), &[20]),
        ("bytes", bytes(b"\xff\xfe\x00\x80\x1b[2J\r\n"), &[20]),
        ("a TLS alert", bytes(b"\x15\x03\x03\x00\x02\x02\x28"), &[12, 20]),
    ]
}

#[test]
fn bad_greetings_fail_in_time_with_the_right_code() {
    let fixture = || Fixture::new(Behavior::correct());
    try_all(greetings(), fixture, |fixture, (case, reaction, codes)| {
        fixture.server.set_behavior(Behavior::at("GREETING", reaction));
        assert_refused(case, &fixture.init(case), codes);
        assert_refused(case, &fixture.ping(case), codes);
        assert_eq!(fixture.server.received_lines(), Vec::<String>::new(), "{case}");
        assert!(
            fixture.sandbox.jobs().is_empty(),
            "{case}: nothing is encrypted before the server is known to be usable"
        );
    });
}

#[test]
fn without_tls_no_name_and_no_password_is_sent() {
    let refusals = ["500 what?", "502 not here", "504 not that", "530 no", "534 no policy", "431 not now"];
    let fixture = || Fixture::new(Behavior::correct());
    try_all(refusals.to_vec(), fixture, |fixture, refusal| {
        fixture.server.set_behavior(Behavior::at("AUTH", send_reply(refusal)));
        assert_refused(refusal, &fixture.init(refusal), &[16]);
        assert_refused(refusal, &fixture.ping(refusal), &[16]);
        assert_no_login(refusal, fixture);
    });
}

/// Asserts that the client has sent neither user name nor password.
#[track_caller]
pub(super) fn assert_no_login(case: &str, fixture: &Fixture) {
    let received_lines = fixture.server.received_lines();
    let is_login = |line: &String| line.starts_with("USER") || line.starts_with("PASS ");
    assert!(!received_lines.is_empty() && !received_lines.iter().any(is_login), "{case}: {received_lines:?}");
}

#[test]
fn a_failed_handshake_does_not_fall_back_to_cleartext() {
    let accepted = b"234 begin TLS\r\n";
    let with = |bytes: &[u8]| [accepted, bytes].concat();
    // The client may discard bytes that arrive with the reply itself.
    let cases: Vec<(_, _, &[i32])> = vec![
        ("nothing", Reaction::Send(accepted.into()), &[12]),
        ("an FTP reply", Reaction::Send(with(b"331 password?\r\n")), &[6, 12, 20]),
        ("an alert", Reaction::Send(with(b"\x15\x03\x03\x00\x02\x02\x28")), &[6, 12, 20]),
        ("an endless record", Reaction::Endless(with(&[0x16, 3, 3, 0x40, 0])), &[6, 20]),
        ("the end", Reaction::Close, &[6, 20]),
    ];
    try_all(
        cases,
        || Fixture::new(Behavior::correct()),
        |fixture, (case, reaction, codes)| {
            fixture.server.set_behavior(Behavior::at("AUTH", reaction));
            assert_refused(case, &fixture.init(case), codes);
            assert_no_login(case, fixture);
        },
    );
}

/// Replies injected before TLS are not taken for replies under TLS.
#[test]
fn replies_injected_before_tls_are_ignored() {
    let fixture = Fixture::new(Behavior::with_reactions(|line| match line {
        "AUTH TLS" => Reaction::SendFirst(b"234 begin TLS\r\n".into()),
        _ if line.starts_with("PASS") => send_reply("530 the real server says no"),
        _ => Reaction::Correct,
    }));
    assert_refused("an injected 234", &fixture.init("an injected 234"), &[6, 13, 20]);
}
