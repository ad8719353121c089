//! SIGKILL of each party at each stage: nothing is half-written under a final name, and whoever is left goes on.

use rustix::process::Signal;

use super::parties::{Parties, all_end_well, holds_one_part};
use crate::house::{Running, entries, path, wait_until};

/// Takes long enough for a kill in its middle.
const LONG: usize = 60_000_000;

fn kill(node: Running) {
    node.signal(Signal::KILL);
    node.end();
}

fn long(parties: &Parties) -> (Vec<u8>, String) {
    let clear: Vec<u8> = (0..LONG).map(|number| ((number * 7919) >> 5) as u8).collect();
    let file = parties.house.write("long", &clear);
    (clear, path(&file).to_owned())
}

/// Whatever a party has under a final name is whole.
#[track_caller]
fn all_is_whole(parties: &Parties, party: &str, message: &str, clear: &[u8]) {
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
            // What had not got its name yet.
            file => assert!(file.starts_with(".hestat-"), "{file}"),
        }
    }
}

/// A node that is killed before, in the middle of, and after its part.
#[test]
fn a_killed_node_s_part_is_done_by_another() {
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
        let returned = client.returned();
        assert_eq!(returned["bytes"], LONG, "{stage}");
        assert_eq!(parties.read("client", &message, "message"), clear, "{stage}");
        for party in ["client", "victim", "node-1"] {
            all_is_whole(&parties, party, &message, &clear);
        }
    }
}

/// The same node comes back for its own part, where no other is to be had.
#[test]
fn a_killed_node_may_come_back() {
    let parties = Parties::new();
    let (clear, file) = long(&parties);
    let client = parties.client(&["--file", &file]);
    let message = client.message.clone();
    let other = parties.node("node-1", &client, &[]);
    let victim = parties.node("victim", &client, &[]);
    parties.wait_for("victim", "assigned");
    kill(victim);
    let again = parties.node("victim", &client, &[]);
    client.returned();
    all_end_well([other, again]);
    assert_eq!(parties.read("client", &message, "message"), clear);
    all_is_whole(&parties, "victim", &message, &clear);
    assert_eq!(entries(&parties.out("victim")), [message.clone(), "journal.jsonl".into()]);
    // What was half written when it was killed is gone.
    holds_one_part(&parties, "victim", &message);
}

/// A client that is killed leaves no message; the next one at its address has the nodes that are still looking for it.
#[test]
fn a_killed_client_is_followed_by_another() {
    for stage in ["listening", "joined", "given", "returned"] {
        let parties = Parties::new();
        let (clear, file) = long(&parties);
        let client = parties.client(&["--file", &file]);
        let (listen, first) = (client.address.to_string(), client.message.clone());
        let nodes = ["node-1", "node-2"].map(|node| parties.node(node, &client, &["--stay"]));
        parties.wait_for("client", stage);
        client.kill();
        // The kill may be late, but no message is there before its parts are.
        let is_there = parties.files("client").contains(&format!("{first}/message"));
        assert!(!is_there || parties.count("client", "returned") == 2, "{stage}");
        all_is_whole(&parties, "client", &first, &clear);
        let client = parties.client_at(&listen, &["--file", &file]);
        let second = client.message.clone();
        client.returned();
        assert_eq!(parties.read("client", &second, "message"), clear, "{stage}");
        for node in &nodes {
            node.signal(Signal::TERM);
        }
        all_end_well(nodes);
    }
}
