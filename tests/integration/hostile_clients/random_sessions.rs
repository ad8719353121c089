//! Random sessions: no input stops the server.

use std::cell::RefCell;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::client::Client;
use crate::sandbox::TestServer;

const VERBS: &str = "STOR RETR APPE LIST NLST MLSD MLST SIZE MDTM CWD CDUP PWD MKD RMD DELE RNFR RNTO REST PASV STAT SITE \
                     OPTS TYPE MODE PROT PBSZ USER PASS AUTH ABOR FEAT NOOP HELP";

const ARGUMENTS: &str = "|a|a/b|/|..|inbox|inbox/a|inbox/a/dataset.hes|outbox|HESTAT|TLS|P|C|I|-l|-|\"| |a b|0|7|\
                         18446744073709551615|\u{202e}ü\u{1F600}";

/// Generates command lines: mostly real commands, some with valid arguments.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let verb = || prop::sample::select(VERBS.split(' ').collect::<Vec<_>>());
    let argument = prop::sample::select(ARGUMENTS.split('|').collect::<Vec<_>>());
    let usual = (verb(), argument).prop_map(|(verb, argument)| format!("{verb} {argument}\r\n").into_bytes());
    let with_anything = (verb(), vec(any::<u8>(), 0..40))
        .prop_map(|(verb, argument)| [verb.as_bytes(), b" ", &argument, b"\r\n"].concat());
    prop_oneof![6 => usual, 3 => with_anything, 1 => vec(any::<u8>(), 0..200)]
}

fn lines() -> impl Strategy<Value = Vec<u8>> {
    vec(line(), 0..60).prop_map(|lines| lines.concat())
}

#[test]
fn no_session_stops_the_server() {
    let served = TestServer::new(&["--transfer-timeout", "1"]);
    let (anonymous, logged_in) = (RefCell::new(0), RefCell::new(0));
    let config = ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&(lines(), any::<bool>()), |(lines, is_logged_in)| {
        let mut client = if is_logged_in { Client::logged_in(&served) } else { Client::greeted(&served) };
        *if is_logged_in { logged_in.borrow_mut() } else { anonymous.borrow_mut() } += 1;
        // The server may close the connection at any time.
        let _ = client.send(&lines).and_then(|()| client.into_stream().finish());
        prop_assert!(!served.log().contains("panicked"));
        prop_assert_eq!(Client::greeted(&served).command("NOOP"), 200);
        Ok(())
    });
    eprintln!("sessions without and with login: {anonymous:?}, {logged_in:?}");
    outcome.unwrap();
    served.assert_reachable();
    served.assert_runs_job(100);
    assert!(served.process().threads() < 30, "{}", served.process().threads());
}
