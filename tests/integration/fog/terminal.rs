//! What is asked at a terminal, and what answers lead to.

use super::parties::Parties;
use crate::house::{Running, Terminal, path};
use crate::ports::free_port;

#[test]
fn a_client_at_a_terminal_asks_who_may_come_in() {
    let parties = Parties::new();
    let key = parties.house.file("key.pem");
    let listen = format!("127.0.0.1:{}", free_port());
    let arguments =
        ["fog", "client", "--listen", &listen, "--nodes", "1", "--key", path(&key), "--message", "behind a door"];
    let terminal = Terminal::start_wholly(&parties.command("client", &arguments));
    terminal.wait_for("fingerprint");
    let node =
        |party: &str| Running::new(parties.command(party, &["fog", "node", "--connect", &listen]).spawn().unwrap());
    let (first, second) = (parties.enrol("first"), parties.enrol("second"));
    let refused = node("first");
    terminal.wait_for("[yes/no]");
    assert!(terminal.shown().contains(&first));
    terminal.types("no\n");
    refused.end().expect_code(17).says(&["does not take in"]);
    let admitted = node("second");
    terminal.wait_for(&second);
    terminal.types("yes\n");
    admitted.end().expect_code(0);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("behind a door") && shown.contains("back as it was sent"), "{shown}");
}

#[test]
fn a_node_at_a_terminal_asks_about_a_client_that_it_meets() {
    let parties = Parties::new();
    let client = parties.client(&["--nodes", "1", "--message", "hello"]);
    let address = client.address.to_string();
    let command = parties.command("node", &["fog", "node", "--connect", &address]);
    for (answer, expected) in [("no\n", 14), ("\x03", 14), ("yes\n", 0)] {
        let terminal = Terminal::start(&command);
        terminal.wait_for("[yes/no]");
        assert!(terminal.shown().contains(&client.fingerprint));
        terminal.types(answer);
        let (code, shown) = terminal.end();
        let expected = if answer == "\x03" { 130 } else { expected };
        assert_eq!(code, Some(expected), "{answer:?}: {shown}");
    }
    client.returned();
}

#[test]
fn a_message_is_typed_where_none_is_named() {
    let parties = Parties::new();
    let terminal = Terminal::start_wholly(&parties.command("client", &["fog", "run", "--bits", "2048"]));
    terminal.wait_for("Message");
    terminal.types("typed by hand\nin two lines\n");
    terminal.types("\x04");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.matches("typed by hand").count() >= 2 && shown.matches("in two lines").count() >= 2, "{shown}");
    assert!(shown.contains(": 26 bytes, back as it was sent"), "{shown}");
}

/// What a terminal may have cut is no message.
#[test]
fn a_typed_line_that_is_too_long_is_refused() {
    let parties = Parties::new();
    let terminal = Terminal::start_wholly(&parties.command("client", &["fog", "run", "--bits", "2048"]));
    terminal.wait_for("Message");
    for _ in 0..50 {
        terminal.types(&"x".repeat(100));
    }
    terminal.types("\n");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(8), "{shown}");
    assert!(shown.contains("terminals cut lines") && !shown.contains("back as it was sent"), "{shown}");
}
