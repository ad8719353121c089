//! Sessions drawn at random: whatever is said in them, the server goes on.

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

/// Commands, most of them real ones, with arguments of which some are.
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
    let (strangers, members) = (RefCell::new(0), RefCell::new(0));
    let config = ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&(lines(), any::<bool>()), |(lines, is_member)| {
        let mut client = if is_member { Client::member(&served) } else { Client::greeted(&served) };
        *if is_member { members.borrow_mut() } else { strangers.borrow_mut() } += 1;
        // It may close the connection at any time.
        client.send(&lines).and_then(|()| client.into_wire().finish()).ok();
        prop_assert!(!served.log().contains("panicked"));
        prop_assert_eq!(Client::greeted(&served).say("NOOP"), 200);
        Ok(())
    });
    eprintln!("sessions of strangers and members: {strangers:?}, {members:?}");
    outcome.unwrap();
    served.greets();
    served.does_a_job(100);
    assert!(served.process().threads() < 30, "{}", served.process().threads());
}
