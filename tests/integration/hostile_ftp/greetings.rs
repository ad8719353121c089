//! Servers that fail before TLS begins, some of them no FTP servers at all.

use super::manner::{Answer, Manner, say};
use super::stage::Stage;
use super::{assert_refused, try_all};

/// What is said instead of a greeting, and the codes that may come of it.
fn greetings() -> Vec<(&'static str, Answer, &'static [i32])> {
    let bytes = |bytes: &[u8]| Answer::Say(bytes.into());
    vec![
        ("an endless line", Answer::Endless(b"220 and so on ".into()), &[20]),
        ("a line of nothing", Answer::Endless(vec![0]), &[20]),
        ("a reply of endless lines", Answer::Endless(b"220-and so on\r\n".into()), &[20]),
        ("empty lines", Answer::Endless(b"\r\n".into()), &[20]),
        ("a dripping line", Answer::Drip(b"220 and so on ".into()), &[12]),
        ("dripping lines", Answer::Drip(b"220-a\r\n".into()), &[12]),
        ("silence", Answer::Silence, &[12]),
        ("the end", Answer::Close, &[6, 11, 20]),
        ("no more connections", say("421 too many of you"), &[6, 11, 20]),
        ("an error", say("500 no"), &[6, 20]),
        ("no code", say("hello"), &[20]),
        ("half a code", say("22"), &[20]),
        ("a code of other digits", Answer::Say("٢٢٠ ready\r\n".into()), &[20]),
        ("a code that does not exist", say("999 ready"), &[6, 20]),
        ("a code that is too large", say("220220220220220220220 ready"), &[6, 12, 20]),
        ("another protocol", say("SSH-2.0-OpenSSH_9.2p1"), &[20]),
        ("a web server", say("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), &[20]),
        ("bytes", bytes(b"\xff\xfe\x00\x80\x1b[2J\r\n"), &[20]),
        ("a TLS alert", bytes(b"\x15\x03\x03\x00\x02\x02\x28"), &[12, 20]),
    ]
}

#[test]
fn bad_greetings_end_in_time_with_the_right_code() {
    let stage = || Stage::new(Manner::honest());
    try_all(greetings(), stage, |stage, (what, answer, codes)| {
        stage.peer.set_manner(Manner::at("GREETING", answer));
        assert_refused(what, &stage.init(what), codes);
        assert_refused(what, &stage.ping(what), codes);
        assert_eq!(stage.peer.heard(), Vec::<String>::new(), "{what}");
        assert!(stage.sandbox.jobs().is_empty(), "{what}: nothing is encrypted for a server that is none");
    });
}

#[test]
fn without_tls_no_name_and_no_password_is_sent() {
    let refusals = ["500 what?", "502 not here", "504 not that", "530 no", "534 no policy", "431 not now"];
    let stage = || Stage::new(Manner::honest());
    try_all(refusals.to_vec(), stage, |stage, refusal| {
        stage.peer.set_manner(Manner::at("AUTH", say(refusal)));
        assert_refused(refusal, &stage.init(refusal), &[16]);
        assert_refused(refusal, &stage.ping(refusal), &[16]);
        assert_unnamed(refusal, stage);
    });
}

/// The user's name and password have not been sent.
#[track_caller]
pub(super) fn assert_unnamed(what: &str, stage: &Stage) {
    let heard = stage.peer.heard();
    let named = |line: &String| line.starts_with("USER") || line.starts_with("PASS ");
    assert!(!heard.is_empty() && !heard.iter().any(named), "{what}: {heard:?}");
}

#[test]
fn a_handshake_that_fails_is_no_reason_to_go_on_in_the_clear() {
    let go_on = b"234 go on\r\n";
    let with = |bytes: &[u8]| [go_on, bytes].concat();
    // Bytes that come with the reply itself may be thrown away.
    let cases: Vec<(_, _, &[i32])> = vec![
        ("nothing", Answer::Say(go_on.into()), &[12]),
        ("an FTP reply", Answer::Say(with(b"331 password?\r\n")), &[6, 12, 20]),
        ("an alert", Answer::Say(with(b"\x15\x03\x03\x00\x02\x02\x28")), &[6, 12, 20]),
        ("an endless record", Answer::Endless(with(&[0x16, 3, 3, 0x40, 0])), &[6, 20]),
        ("the end", Answer::Close, &[6, 20]),
    ];
    try_all(
        cases,
        || Stage::new(Manner::honest()),
        |stage, (what, answer, codes)| {
            stage.peer.set_manner(Manner::at("AUTH", answer));
            assert_refused(what, &stage.init(what), codes);
            assert_unnamed(what, stage);
        },
    );
}

/// Replies that were slipped in before TLS are not taken for replies under it.
#[test]
fn replies_injected_before_tls_are_not_believed() {
    let stage = Stage::new(Manner::tricky(|line| match line {
        "AUTH TLS" => Answer::SayFirst(b"234 go on\r\n".into()),
        _ if line.starts_with("PASS") => say("530 the real server says no"),
        _ => Answer::Honest,
    }));
    assert_refused("an injected 234", &stage.init("an injected 234"), &[6, 13, 20]);
}
