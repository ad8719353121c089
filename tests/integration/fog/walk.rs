//! Messages of all kinds through nodes of any number.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::json;

use super::parties::{Parties, all_end_well, holds_one_part};
use crate::house::{Running, entries, path, wait_until};
use crate::ports::free_port;

const MESSAGE: &str = "The predecessor gave every node the whole message; „dieser“ gives each its half 🦀.";

/// Client, two nodes, a message: and what each of them has at the end.
#[test]
fn two_nodes_encrypt_half_a_message_each() {
    let parties = Parties::new();
    let nodes = ["node-1", "node-2"];
    let fingerprints = nodes.map(|node| parties.enrol(node));
    let [first, second] = &fingerprints;
    let client = parties.client(&["--message", MESSAGE, "--allow-peer", first, "--allow-peer", second]);
    let message = client.message.clone();
    let running = nodes.map(|node| parties.node(node, &client, &[]));
    let returned = client.returned();
    let ended = running.map(|node| node.end().expect_code(0).json());

    assert_eq!((&returned["text"], &returned["bytes"]), (&json!(MESSAGE), &json!(MESSAGE.len())));
    assert_eq!(parties.read("client", &message, "message"), MESSAGE.as_bytes());
    let mut halves = Vec::new();
    for (node, (told, fingerprint)) in nodes.iter().zip(ended.iter().zip(&fingerprints)) {
        let part = holds_one_part(&parties, node, &message);
        let number = told["part"].as_u64().unwrap();
        assert_eq!(part, format!("part-{number}-of-2"));
        assert_eq!(&returned["parts"][number as usize - 1]["node"], fingerprint.as_str());
        let clear = parties.read(node, &message, &part);
        assert!(std::str::from_utf8(&clear).is_ok() && clear.len().abs_diff(MESSAGE.len() / 2) < 4);
        let tokens = format!("{part}.jwe");
        assert_eq!(parties.read(node, &message, &tokens), parties.read("client", &message, &tokens));
        assert_eq!(parties.read(node, &message, "public-key.pem"), parties.read("client", &message, "public-key.pem"));
        halves.push((number, clear));
    }
    halves.sort();
    assert_eq!(halves.iter().flat_map(|(_, half)| half.clone()).collect::<Vec<_>>(), MESSAGE.as_bytes());
}

#[test]
fn messages_of_any_length_go_through_any_number_of_nodes() {
    let parties = Parties::new();
    let noise: Vec<u8> = (0..300_001_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (nodes, clear) in [(1, &b""[..]), (3, b""), (2, "é".as_bytes()), (5, "🦀".as_bytes()), (4, &noise), (1, &noise)]
    {
        let out = tempfile::tempdir().unwrap();
        let file = parties.house.write("message", clear);
        let told = parties.house.succeed([
            "fog",
            "run",
            "--json",
            "--bits",
            "2048",
            "--file",
            path(&file),
            "--nodes",
            &nodes.to_string(),
            "--out",
            path(out.path()),
        ]);
        let told = told.json();
        assert_eq!(fs::read(told["file"].as_str().unwrap()).unwrap(), clear, "{nodes} nodes");
        assert_eq!(told["parts"].as_array().unwrap().len(), nodes);
        for node in 1..=nodes {
            let folder = out.path().join(format!("node-{node}")).join(told["message"].as_str().unwrap());
            let parts = entries(&folder).into_iter().filter(|name| name.starts_with("part-")).count();
            assert_eq!(parts, 2, "{}", folder.display());
        }
    }
}

#[test]
fn a_message_comes_from_standard_input_and_leaves_nothing_behind() {
    let parties = Parties::new();
    let out = parties.house.feed(["fog", "run", "--bits", "2048", "--quiet"], MESSAGE.as_bytes()).expect_code(0);
    assert_eq!((out.stdout, out.stderr), (MESSAGE.to_owned(), String::new()));
    assert_eq!(entries(&parties.house.temporary()), Vec::<String>::new());
    assert_eq!(entries(&parties.house.work()), ["key.pem"]);
}

/// With few words, a client prints the message and nothing else.
#[test]
fn a_quiet_client_prints_the_message_alone() {
    let parties = Parties::new();
    let listen = format!("127.0.0.1:{}", free_port());
    let key = parties.house.file("key.pem");
    let arguments = [
        "fog",
        "client",
        "--quiet",
        "--listen",
        &listen,
        "--accept-any",
        "--nodes",
        "1",
        "--message",
        MESSAGE,
        "--key",
        path(&key),
    ];
    let client = Running::new(parties.command("client", &arguments).spawn().unwrap());
    let node = parties.command("node", &["fog", "node", "--quiet", "--connect", &listen]).spawn().unwrap();
    let ended = client.end().expect_code(0);
    assert_eq!((ended.stdout, ended.stderr), (MESSAGE.to_owned(), String::new()));
    all_end_well([Running::new(node)]);
}

/// What would command a terminal is not printed.
#[test]
fn a_message_that_is_no_text_is_not_shown() {
    let parties = Parties::new();
    for clear in [&b"\x1b[2J"[..], b"\xFF\xFE", &[b'a'; 70_000]] {
        let out = parties.house.feed(["fog", "run", "--bits", "2048"], clear).expect_code(0).stdout;
        assert!(out.contains("back as it was sent") && out.len() < 1000 && !out.contains('\x1b'), "{out}");
    }
}

/// What is shown ends as it does, and what is passed on is just the message.
#[test]
fn ends_of_lines_are_left_as_they_are() {
    let parties = Parties::new();
    for clear in ["a\r\nb\r\n", "a\n\n\n", "\x1b[2J", ""] {
        let run = |more: &[&str]| {
            let arguments = [&["fog", "run", "--bits", "2048"], more].concat();
            parties.house.feed(arguments, clear.as_bytes()).expect_code(0).stdout
        };
        assert_eq!(run(&["--quiet"]), clear);
        assert_eq!(run(&[]).ends_with(&format!("sent\n{clear}")), !clear.contains('\x1b'), "{clear:?}");
    }
}

/// One folder for two messages: the second leaves the first as it was.
#[test]
fn nothing_is_overwritten() {
    let parties = Parties::new();
    let go = |text: &str| {
        let client = parties.client(&["--message", text, "--nodes", "1"]);
        let (message, node) = (client.message.clone(), parties.node("node", &client, &[]));
        client.returned();
        node.end().expect_code(0);
        message
    };
    let (first, second) = (go("first"), go("second"));
    assert_ne!(first, second);
    for party in ["client", "node"] {
        assert_eq!(entries(&parties.out(party)).len(), 3, "two messages and a journal");
    }
    assert_eq!(parties.read("client", &first, "message"), b"first");
    assert_eq!(parties.read("node", &second, "part-1-of-1"), b"second");
}

/// A node that stays works for one client after the other, and ends well when it is told to.
#[test]
fn a_node_that_stays_waits_for_the_next_client() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "first", "--nodes", "1"]);
    let listen = client.address.to_string();
    let node = parties.node("node", &client, &["--stay"]);
    client.returned();
    let client = parties.client_at(&listen, &["--message", "second", "--nodes", "1"]);
    client.returned();
    node.signal(Signal::TERM);
    let ended = node.end().expect_code(0);
    assert_eq!(ended.stdout.lines().count(), 2, "{}", ended.stdout);
    assert_eq!(parties.count("node", "accepted"), 2);
}

/// More nodes than parts: the one that is left over is told so.
#[test]
fn a_node_too_many_is_not_needed() {
    let parties = Parties::new();
    let client = parties.client(&["--message", MESSAGE]);
    let first = parties.node("node-1", &client, &[]);
    parties.wait_for("client", "joined");
    // Its part is not back before all have come.
    first.signal(Signal::STOP);
    let others = ["node-2", "node-3"].map(|node| parties.node(node, &client, &[]));
    wait_until("three nodes", || parties.count("client", "joined") == 3);
    first.signal(Signal::CONT);
    client.returned();
    let told = [first].into_iter().chain(others).map(|node| node.end().expect_code(0).json());
    assert_eq!(told.filter(|told| told["part"].is_null()).count(), 1);
    assert_eq!(["node-1", "node-2", "node-3"].iter().filter(|node| parties.files(node).is_empty()).count(), 1);
}

/// A key that the client makes is kept, and serves again; openssl reads it.
#[test]
fn the_client_s_own_key_is_kept() {
    let parties = Parties::new();
    let go = || {
        let client = parties.client(&["--message", "short", "--nodes", "1", "--bits", "2048"]);
        let (message, node) = (client.message.clone(), parties.node("node", &client, &[]));
        client.returned();
        node.end().expect_code(0);
        parties.read("node", &message, "public-key.pem")
    };
    let (first, second) = (go(), go());
    assert_eq!(first, second);
    let key = parties.state("client").join("rsa/fog-client-2048.pem");
    let public = crate::programs::run_bytes(crate::programs::program("openssl").args([
        Path::new("pkey"),
        "-pubout".as_ref(),
        "-in".as_ref(),
        &key,
    ]));
    assert_eq!(public, first);
}
