//! Trust: pinned fingerprints, first use, changed keys, and allow lists.

use std::fs;

use rustix::process::Signal;

use super::parties::{Parties, assert_all_succeed};
use crate::sandbox::{Process, path, wait_until};

/// Without a fingerprint, a node remembers the first client, and refuses another one with a clear warning.
#[test]
fn a_client_is_trusted_on_first_use_and_another_one_is_refused() {
    let parties = Parties::new();
    let meet = |listen: &str| {
        let client = parties.client_at(listen, &["--message", "hello", "--nodes", "1"]);
        let address = client.address.to_string();
        let node = parties.command("node", &["fog", "node", "--connect", &address]);
        (client, address, node)
    };
    let (client, address, mut node) = meet("127.0.0.1:0");
    let fingerprint = client.fingerprint.clone();
    let node = Process::new(node.spawn().unwrap());
    client.expect_report();
    node.end().expect_code(0).says(&["first connection", &fingerprint, "known_peers"]);
    assert_eq!(
        fs::read_to_string(parties.state("node").join("known_peers")).unwrap(),
        format!("{address} {fingerprint}\n")
    );

    let (client, _, mut node) = meet(&address);
    let node = Process::new(node.spawn().unwrap());
    client.expect_report();
    assert!(!node.end().expect_code(0).stderr.contains("first connection"));

    // The client has a new key.
    fs::remove_dir_all(parties.state("client")).unwrap();
    let (client, _, mut node) = meet(&address);
    let refused: crate::sandbox::CommandOutput = node.output().unwrap().into();
    refused.expect_code(15).says(&[
        "DOES NOT HAVE THE EXPECTED KEY",
        &fingerprint,
        &client.fingerprint,
        "Nothing was sent over this connection",
    ]);
    // A node that stays gives the same warning and keeps waiting for the right client.
    let log = parties.sandbox.file("log");
    let staying = Process::new(node.arg("--stay").stderr(fs::File::create(&log).unwrap()).spawn().unwrap());
    wait_until("the refusal", || fs::read_to_string(&log).unwrap().contains("DOES NOT HAVE THE EXPECTED KEY"));
    staying.signal(Signal::TERM);
    staying.end().expect_code(0);
    assert_eq!(parties.count("client", "joined"), 2);
}

#[test]
fn a_client_with_another_fingerprint_than_the_pinned_one_is_refused() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "hello", "--nodes", "1"]);
    let other = parties.create_identity("node");
    let node = parties.node_at("node", client.address, &other, &[]);
    node.end().expect_code(15).says(&["--peer-fingerprint", &other, &client.fingerprint]);
    assert_eq!(parties.count("client", "joined"), 0);
}

/// Only listed nodes are accepted; the list may change while the client waits.
#[test]
fn a_node_that_is_not_listed_is_refused_and_both_sides_name_the_option() {
    let parties = Parties::new();
    let [known, unknown] = ["known", "unknown"].map(|node| parties.create_identity(node));
    let list = parties.sandbox.write("nodes.txt", format!("# ours\n{known} the one in the cellar\n"));
    let log = parties.sandbox.file("log");
    let client = parties.client_with_log(&log, &["--message", "for two", "--allow-peer", path(&list)]);
    let refused = parties.node("unknown", &client, &[]).end().expect_code(17);
    refused.says(&[&unknown, "--allow-peer"]);
    parties.wait_for("client", "refused");
    let output = fs::read_to_string(&log).unwrap();
    assert!(output.contains(&format!("--allow-peer {unknown}")), "{output}");
    assert_eq!((parties.count("client", "refused"), parties.count("client", "joined")), (1, 0));
    let first = parties.node("known", &client, &[]);
    parties.wait_for("client", "joined");
    fs::write(&list, format!("{known}\n{unknown}\n")).unwrap();
    let second = parties.node("unknown", &client, &[]);
    client.expect_report();
    assert_all_succeed([first, second]);
}

/// A list that becomes invalid while the client waits is ignored with a notice until it is fixed.
#[test]
fn an_invalid_list_is_reported() {
    let parties = Parties::new();
    let known = parties.create_identity("node");
    let list = parties.sandbox.write("nodes.txt", &known);
    let log = parties.sandbox.file("log");
    let client = parties.client_with_log(&log, &["--message", "hello", "--nodes", "1", "--allow-peer", path(&list)]);
    fs::write(&list, format!("{known}\nwho is this?\n")).unwrap();
    let node = parties.node("node", &client, &["--stay"]);
    wait_until("the reason", || {
        let output = fs::read_to_string(&log).unwrap();
        output.contains("nodes.txt: line 2") && output.contains("until it is fixed")
    });
    fs::write(&list, known).unwrap();
    client.expect_report();
    node.signal(Signal::TERM);
    node.end().expect_code(0);
}

/// A client without any allowed node would wait in vain.
#[test]
fn a_client_without_allowed_nodes_is_an_error() {
    let parties = Parties::new();
    let client = |more: &[&str]| {
        let arguments = ["fog", "client", "--listen", "127.0.0.1:0", "--message", "hello"];
        let ended: crate::sandbox::CommandOutput =
            parties.command("client", &[&arguments, more].concat()).output().unwrap().into();
        ended
    };
    client(&[]).expect_code(2).says(&["--allow-peer", "--accept-any"]);
    client(&["--allow-peer", "no-such-file"])
        .expect_code(2)
        .says(&["neither a file that can be accessed nor a fingerprint"]);
    let list = parties.sandbox.write("nodes.txt", "nobody\n");
    client(&["--allow-peer", path(&list)]).expect_code(8).says(&["nodes.txt", "line 1"]);
    let fingerprint = parties.create_identity("node");
    client(&["--allow-peer", &fingerprint, "--accept-any"]).expect_code(2);
}

/// A list may be a pipe, a journal may not.
#[test]
fn a_pipe_can_be_a_list_but_not_a_journal() {
    let parties = Parties::new();
    let known = parties.create_identity("node");
    let [list, journal] = [parties.sandbox.file("list"), parties.out("node").join("journal.jsonl")];
    fs::create_dir(parties.out("node")).unwrap();
    for pipe in [&list, &journal] {
        crate::programs::run_bytes(crate::programs::program("mkfifo").arg(pipe));
    }
    let writer = list.clone();
    let writing = std::thread::spawn(move || fs::write(writer, known).unwrap());
    let client = parties.client(&["--message", "hello", "--nodes", "1", "--allow-peer", path(&list)]);
    writing.join().unwrap();
    parties.node("node", &client, &[]).end().expect_code(8).says(&["journal.jsonl"]);
    fs::remove_file(&journal).unwrap();
    let node = parties.node("node", &client, &[]);
    client.expect_report();
    node.end().expect_code(0);
}

/// A node that stays may be listed later.
#[test]
fn a_node_that_stays_waits_until_it_is_listed() {
    let parties = Parties::new();
    let early = parties.create_identity("node");
    let list = parties.sandbox.write("nodes.txt", "# nobody yet\n");
    let client = parties.client(&["--message", "hello", "--nodes", "1", "--allow-peer", path(&list)]);
    let node = parties.node("node", &client, &["--stay"]);
    parties.wait_for("client", "refused");
    fs::write(&list, early).unwrap();
    client.expect_report();
    node.signal(Signal::TERM);
    node.end().expect_code(0).says(&["does not allow this identity", "trying again"]);
}

/// Two nodes need two identities.
#[test]
fn a_second_node_with_the_same_identity_is_rejected() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "for two"]);
    let first = parties.node("node", &client, &[]);
    parties.wait_for("client", "joined");
    let duplicate = parties.node("node", &client, &["--timeout", "1"]);
    duplicate.end().expect_code(17).says(&["with this identity", "--identity"]);
    let second = parties.node("node", &client, &["--identity", "another"]);
    client.expect_report();
    assert_all_succeed([first, second]);
}
