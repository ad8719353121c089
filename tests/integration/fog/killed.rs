//! SIGKILL of each party at each stage: no partial file has its final name, and the remaining parties continue.

use rustix::process::Signal;

use super::parties::{Parties, assert_all_succeed, assert_holds_one_part};
use crate::sandbox::{Process, entries, path, wait_until};

/// Bytes of a message that takes long enough to be interrupted.
const LONG: usize = 60_000_000;

fn kill(node: Process) {
    node.signal(Signal::KILL);
    node.end();
}

fn long(parties: &Parties) -> (Vec<u8>, String) {
    let clear: Vec<u8> = (0..LONG).map(|number| ((number * 7919) >> 5) as u8).collect();
    let file = parties.sandbox.write("long", &clear);
    (clear, path(&file).to_owned())
}

/// Asserts that all files with final names are complete.
#[track_caller]
fn assert_complete_files(parties: &Parties, party: &str, message: &str, clear: &[u8]) {
    for name in parties.files(party) {
        let file = name.strip_prefix(message).unwrap().trim_start_matches('/');
        let bytes = parties.read(party, message, file);
        match file {
            "public-key.pem" => assert!(bytes.ends_with(b"-----END PUBLIC KEY-----\n")),
            "message" => assert_eq!(bytes, clear),
            file if file.strip_suffix(".jwe").is_some() => assert!(bytes.ends_with(b"\n")),
            file if file.starts_with("part-") => {
                assert!(clear.starts_with(&bytes) || clear.ends_with(&bytes));
                assert!(bytes.len().abs_diff(clear.len() / 2) < 4);
            }
            // Temporary files.
            file => assert!(file.starts_with(".hestat-"), "{file}"),
        }
    }
}

/// A node is killed before, during, and after its part.
#[test]
fn the_part_of_a_killed_node_goes_to_another() {
    for stage in ["connected", "assigned", "encrypted", "accepted"] {
        let parties = Parties::new();
        let (clear, file) = long(&parties);
        let client = parties.client(&["--file", &file]);
        let message = client.message.clone();
        let victim = parties.node("victim", &client, &[]);
        parties.wait_for("victim", "connected");
        let mut others = Vec::new();
        if stage != "connected" {
            others.push(parties.node("node-1", &client, &[]));
            parties.wait_for("victim", stage);
        }
        kill(victim);
        if stage == "connected" {
            wait_until("the loss", || parties.count("client", "lost") == 1);
            others.push(parties.node("node-1", &client, &[]));
        }
        others.push(parties.node("node-2", &client, &["--timeout", "5"]));
        let returned = client.expect_report();
        assert_eq!(returned["bytes"], LONG, "{stage}");
        assert_eq!(parties.read("client", &message, "message"), clear, "{stage}");
        for party in ["client", "victim", "node-1"] {
            assert_complete_files(&parties, party, &message, &clear);
        }
    }
}

/// A killed node that restarts gets its own part again if there is no other node.
#[test]
fn a_killed_node_may_restart() {
    let parties = Parties::new();
    let (clear, file) = long(&parties);
    let client = parties.client(&["--file", &file]);
    let message = client.message.clone();
    let other = parties.node("node-1", &client, &[]);
    let victim = parties.node("victim", &client, &[]);
    parties.wait_for("victim", "assigned");
    kill(victim);
    let again = parties.node("victim", &client, &[]);
    client.expect_report();
    assert_all_succeed([other, again]);
    assert_eq!(parties.read("client", &message, "message"), clear);
    assert_complete_files(&parties, "victim", &message, &clear);
    assert_eq!(entries(&parties.out("victim")), [message.clone(), "journal.jsonl".into()]);
    // The partial files of the killed process are gone.
    assert_holds_one_part(&parties, "victim", &message);
}

/// A killed client leaves no message. Nodes that stay connect to the next client at its address.
#[test]
fn a_killed_client_can_be_replaced() {
    for stage in ["listening", "joined", "given", "returned"] {
        let parties = Parties::new();
        let (clear, file) = long(&parties);
        let client = parties.client(&["--file", &file]);
        let (listen, first) = (client.address.to_string(), client.message.clone());
        let nodes = ["node-1", "node-2"].map(|node| parties.node(node, &client, &["--stay"]));
        parties.wait_for("client", stage);
        client.kill();
        // The signal may come late, but there must be no message before both parts are back.
        let exists = parties.files("client").contains(&format!("{first}/message"));
        assert!(!exists || parties.count("client", "returned") == 2, "{stage}");
        assert_complete_files(&parties, "client", &first, &clear);
        let client = parties.client_at(&listen, &["--file", &file]);
        let second = client.message.clone();
        client.expect_report();
        assert_eq!(parties.read("client", &second, "message"), clear, "{stage}");
        for node in &nodes {
            node.signal(Signal::TERM);
        }
        assert_all_succeed(nodes);
    }
}
