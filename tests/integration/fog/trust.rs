//! Who knows whom: pins, first use, changed keys, and who comes in.

use std::fs;

use rustix::process::Signal;

use super::parties::{Parties, all_end_well};
use crate::house::{Running, path, wait_until};

/// Without a fingerprint, a node remembers the client that it met first, and loudly refuses another one.
#[test]
fn a_client_that_was_met_once_is_known_and_another_one_is_refused() {
    let parties = Parties::new();
    let meet = |listen: &str| {
        let client = parties.client_at(listen, &["--message", "hello", "--nodes", "1"]);
        let address = client.address.to_string();
        let node = parties.command("node", &["fog", "node", "--connect", &address]);
        (client, address, node)
    };
    let (client, address, mut node) = meet("127.0.0.1:0");
    let fingerprint = client.fingerprint.clone();
    let node = Running::new(node.spawn().unwrap());
    client.returned();
    node.end().expect_code(0).says(&["first connection", &fingerprint, "known_peers"]);
    assert_eq!(
        fs::read_to_string(parties.state("node").join("known_peers")).unwrap(),
        format!("{address} {fingerprint}\n")
    );

    let (client, _, mut node) = meet(&address);
    let node = Running::new(node.spawn().unwrap());
    client.returned();
    assert!(!node.end().expect_code(0).stderr.contains("first connection"));

    // The client's key is another one now.
    fs::remove_dir_all(parties.state("client")).unwrap();
    let (client, _, mut node) = meet(&address);
    let refused: crate::house::Ended = node.output().unwrap().into();
    refused.expect_code(15).says(&[
        "HAS ANOTHER KEY",
        &fingerprint,
        &client.fingerprint,
        "Nothing was sent over this connection",
    ]);
    // A node that stays says so too, and waits for the right one.
    let log = parties.house.file("log");
    let patient = Running::new(node.arg("--stay").stderr(fs::File::create(&log).unwrap()).spawn().unwrap());
    wait_until("the refusal", || fs::read_to_string(&log).unwrap().contains("HAS ANOTHER KEY"));
    patient.signal(Signal::TERM);
    patient.end().expect_code(0);
    assert_eq!(parties.count("client", "joined"), 2);
}

#[test]
fn a_client_with_another_fingerprint_than_the_one_that_was_named_is_refused() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "hello", "--nodes", "1"]);
    let other = parties.enrol("node");
    let node = parties.node_at("node", client.address, &other, &[]);
    node.end().expect_code(15).says(&["--peer-fingerprint", &other, &client.fingerprint]);
    assert_eq!(parties.count("client", "joined"), 0);
}

/// Only who is enrolled comes in, by option or by file; the file may change while the client waits.
#[test]
fn who_is_not_enrolled_stays_outside_and_is_told_what_to_do() {
    let parties = Parties::new();
    let [known, stranger] = ["known", "stranger"].map(|node| parties.enrol(node));
    let list = parties.house.write("nodes.txt", format!("# ours\n{known} the one in the cellar\n"));
    let client = parties.client(&["--message", "for two", "--allow-peer", path(&list)]);
    let refused = parties.node("stranger", &client, &[]).end().expect_code(17);
    refused.says(&[&stranger, "--allow-peer"]);
    parties.wait_for("client", "refused");
    assert_eq!((parties.count("client", "refused"), parties.count("client", "joined")), (1, 0));
    let first = parties.node("known", &client, &[]);
    parties.wait_for("client", "joined");
    fs::write(&list, format!("{known}\n{stranger}\n")).unwrap();
    let second = parties.node("stranger", &client, &[]);
    client.returned();
    all_end_well([first, second]);
}

/// A list that breaks while the client waits lets nobody in, and says why; mended, it is as it was.
#[test]
fn a_list_that_breaks_is_told_of() {
    let parties = Parties::new();
    let known = parties.enrol("node");
    let list = parties.house.write("nodes.txt", &known);
    let log = parties.house.file("log");
    let client = parties.client_logging(&log, &["--message", "hello", "--nodes", "1", "--allow-peer", path(&list)]);
    fs::write(&list, format!("{known}\nwho is this?\n")).unwrap();
    let node = parties.node("node", &client, &["--stay"]);
    wait_until("the reason", || {
        let said = fs::read_to_string(&log).unwrap();
        said.contains("nodes.txt: line 2") && said.contains("until it is mended")
    });
    fs::write(&list, known).unwrap();
    client.returned();
    node.signal(Signal::TERM);
    node.end().expect_code(0);
}

/// Without anybody who could come in, there is nothing to wait for.
#[test]
fn somebody_must_be_able_to_come_in() {
    let parties = Parties::new();
    let client = |more: &[&str]| {
        let usual = ["fog", "client", "--listen", "127.0.0.1:0", "--message", "hello"];
        let ended: crate::house::Ended = parties.command("client", &[&usual, more].concat()).output().unwrap().into();
        ended
    };
    client(&[]).expect_code(2).says(&["--allow-peer", "--accept-any"]);
    client(&["--allow-peer", "no-such-file"]).expect_code(2).says(&["no such file"]);
    let list = parties.house.write("nodes.txt", "nobody\n");
    client(&["--allow-peer", path(&list)]).expect_code(8).says(&["nodes.txt", "line 1"]);
    let fingerprint = parties.enrol("node");
    client(&["--allow-peer", &fingerprint, "--accept-any"]).expect_code(2);
}

/// A list that can be read only once is one, too; a journal that is none is told.
#[test]
fn pipes_are_lists_and_no_journals() {
    let parties = Parties::new();
    let known = parties.enrol("node");
    let [list, journal] = [parties.house.file("list"), parties.out("node").join("journal.jsonl")];
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
    client.returned();
    node.end().expect_code(0);
}

/// A node that stays may be enrolled later.
#[test]
fn a_node_that_stays_waits_until_it_is_enrolled() {
    let parties = Parties::new();
    let early = parties.enrol("node");
    let list = parties.house.write("nodes.txt", "# nobody yet\n");
    let client = parties.client(&["--message", "hello", "--nodes", "1", "--allow-peer", path(&list)]);
    let node = parties.node("node", &client, &["--stay"]);
    parties.wait_for("client", "refused");
    fs::write(&list, early).unwrap();
    client.returned();
    node.signal(Signal::TERM);
    node.end().expect_code(0).says(&["does not allow this identity", "trying again"]);
}

/// Two nodes with one identity are one node.
#[test]
fn a_node_with_the_identity_of_another_one_is_not_taken_in_beside_it() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "for two"]);
    let first = parties.node("node", &client, &[]);
    parties.wait_for("client", "joined");
    let twin = parties.node("node", &client, &["--timeout", "1"]);
    twin.end().expect_code(17).says(&["with this identity", "--identity"]);
    let second = parties.node("node", &client, &["--identity", "another"]);
    client.returned();
    all_end_well([first, second]);
}
