//! Questions on a terminal, and the effect of the answers.

use rustix::process::Signal;

use super::parties::Parties;
use crate::ports::free_port;
use crate::sandbox::{CommandOutput, Process, Terminal, path, wait_until, wrapped};

/// Starts a client with a terminal.
fn client_at_terminal(parties: &Parties, listen: &str, more: &[&str]) -> Terminal {
    let key = parties.sandbox.file("key.pem");
    let arguments = ["fog", "client", "--listen", listen, "--key", path(&key)];
    let terminal = Terminal::start_wholly(&parties.command("client", &[&arguments, more].concat()));
    terminal.wait_for("fingerprint");
    terminal
}

#[test]
fn a_client_on_a_terminal_asks_about_each_node() {
    let parties = Parties::new();
    let listen = format!("127.0.0.1:{}", free_port());
    let terminal = client_at_terminal(&parties, &listen, &["--nodes", "1", "--message", "a secret"]);
    let node =
        |party: &str| Process::new(parties.command(party, &["fog", "node", "--connect", &listen]).spawn().unwrap());
    let (first, second) = (parties.create_identity("first"), parties.create_identity("second"));
    let refused = node("first");
    terminal.wait_for("[yes/no]");
    assert!(terminal.shown().contains(&first));
    terminal.type_keys("no\n");
    refused.end().expect_code(17).says(&["does not allow this identity"]);
    let admitted = node("second");
    terminal.wait_for(&second);
    terminal.type_keys("yes\n");
    admitted.end().expect_code(0);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("a secret") && shown.contains("returned unchanged"), "{shown}");
}

/// Input from before a question does not answer it, and nothing is printed over an open question.
#[test]
fn only_what_is_typed_after_a_question_answers_it() {
    let parties = Parties::new();
    let (known, unknown) = (parties.create_identity("known"), parties.create_identity("unknown"));
    let listen = format!("127.0.0.1:{}", free_port());
    let terminal = client_at_terminal(&parties, &listen, &["--message", "a", "--allow-peer", &known]);
    terminal.type_keys("yes\n");
    let node =
        |party: &str| Process::new(parties.command(party, &["fog", "node", "--connect", &listen]).spawn().unwrap());
    let asked = node("unknown");
    terminal.wait_for(&unknown);
    terminal.wait_for("[yes/no]");
    let first = node("known");
    parties.wait_for("client", "joined");
    // The question is still open, and nothing was printed after it.
    assert!(terminal.shown().trim_end().ends_with("[yes/no]"), "{}", terminal.shown());
    terminal.type_keys("no\n");
    asked.end().expect_code(17);
    terminal.wait_for("(1 of 2)");
    terminal.signal(Signal::INT);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(130), "{shown}");
    first.signal(Signal::TERM);
}

/// The question ends when its node disconnects, and a late answer has no effect.
#[test]
fn a_question_ends_when_its_node_disconnects() {
    let parties = Parties::new();
    let fingerprints = ["first", "second"].map(|node| parties.create_identity(node));
    let listen = format!("127.0.0.1:{}", free_port());
    let terminal = client_at_terminal(&parties, &listen, &["--message", "a", "--nodes", "1"]);
    let node = |party: &str, more: &[&str]| {
        let arguments = [&["fog", "node", "--connect", &listen], more].concat();
        Process::new(parties.command(party, &arguments).spawn().unwrap())
    };
    // The node times out before the answer.
    let first = node("first", &["--timeout", "1"]);
    terminal.wait_for(&fingerprints[0]);
    first.end().expect_code(12).says(&["has not yet approved", &fingerprints[0], "--timeout"]);
    terminal.wait_for("disconnected");
    // A late answer does not count for the next node.
    let second = node("second", &[]);
    terminal.type_keys("yes\n");
    terminal.wait_for(&fingerprints[1]);
    assert_eq!(parties.count("client", "joined"), 0);
    terminal.type_keys("yes\n");
    second.end().expect_code(0);
    let (code, shown) = terminal.end();
    assert_eq!((code, parties.count("client", "joined")), (Some(0), 1), "{shown}");
}

/// The terminal echoes input again however a passphrase prompt ends.
#[test]
fn a_terminal_echoes_again_after_a_passphrase_prompt() {
    let parties = Parties::new();
    let passphrase = parties.sandbox.write("passphrase", "right\n");
    let create = ["identity", "new", "fog-node", "--passphrase-file", path(&passphrase)];
    CommandOutput::from(parties.command("node", &create).output().unwrap()).expect_code(0);
    let node = ["fog", "node", "--connect", "127.0.0.1:1"];
    let client = ["fog", "client", "--listen", "127.0.0.1:0", "--accept-any", "--message", "a", "--passphrase"];
    let new = ["identity", "new", "laptop", "--passphrase"];
    for (party, arguments) in [("node", &node[..]), ("client", &client), ("client", &new)] {
        for signal in [None, Some(Signal::TERM), Some(Signal::HUP)] {
            let terminal = Terminal::start(&parties.command(party, arguments));
            terminal.wait_for("assphrase");
            wait_until("silence", || !terminal.echoes());
            match signal {
                None => terminal.type_keys("\x03"),
                Some(signal) => terminal.signal(signal),
            }
            terminal.wait_for("stopped on request");
            assert!(terminal.echoes(), "{arguments:?} {signal:?}");
            let (code, shown) = terminal.end();
            assert_eq!(code, Some(130), "{arguments:?} {signal:?}: {shown}");
        }
    }
}

#[test]
fn a_node_on_a_terminal_asks_about_an_unknown_client() {
    let parties = Parties::new();
    let client = parties.client(&["--nodes", "1", "--message", "hello"]);
    let address = client.address.to_string();
    let command = parties.command("node", &["fog", "node", "--connect", &address]);
    for (answer, expected) in [("no\n", 14), ("\x03", 14), ("yes\n", 0)] {
        let terminal = Terminal::start(&command);
        terminal.wait_for("[yes/no]");
        assert!(terminal.shown().contains(&client.fingerprint));
        terminal.type_keys(answer);
        let (code, shown) = terminal.end();
        let expected = if answer == "\x03" { 130 } else { expected };
        assert_eq!(code, Some(expected), "{answer:?}: {shown}");
    }
    client.expect_report();
}

/// A background process must not read input that is meant for another one.
#[test]
fn a_background_process_does_not_ask_and_trusts_no_unknown_client() {
    let parties = Parties::new();
    let client = parties.client(&["--nodes", "1", "--message", "hello"]);
    let address = client.address.to_string();
    let node = parties.command("node", &["fog", "node", "--connect", &address]);
    let background = ["sh", "-c", r#"set -m; "$0" "$@" & wait "$!""#];
    let (code, shown) = Terminal::start(&wrapped(&background, &node)).end();
    assert_eq!(code, Some(14), "{shown}");
    assert!(shown.contains("is not known") && shown.contains(&client.fingerprint), "{shown}");
    assert_eq!(parties.count("client", "joined"), 0);
}

#[test]
fn a_message_can_be_typed() {
    let parties = Parties::new();
    let terminal = Terminal::start_wholly(&parties.command("client", &["fog", "run", "--bits", "2048"]));
    terminal.wait_for("Message");
    terminal.type_keys("typed by hand\nin two lines\n");
    terminal.type_keys("\x04");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.matches("typed by hand").count() >= 2 && shown.matches("in two lines").count() >= 2, "{shown}");
    assert!(shown.contains(": 26 bytes, returned unchanged"), "{shown}");
}

/// The terminal may have cut a long line.
#[test]
fn a_typed_line_that_is_too_long_is_refused() {
    let parties = Parties::new();
    let terminal = Terminal::start_wholly(&parties.command("client", &["fog", "run", "--bits", "2048"]));
    terminal.wait_for("Message");
    for _ in 0..50 {
        terminal.type_keys(&"x".repeat(100));
    }
    terminal.type_keys("\n");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(8), "{shown}");
    assert!(shown.contains("terminals cut lines") && !shown.contains("returned unchanged"), "{shown}");
}
