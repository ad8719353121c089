//! Messages of all kinds through any number of nodes.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::json;

use super::parties::{Parties, assert_all_succeed, assert_holds_one_part};
use crate::ports::free_port;
use crate::sandbox::{Process, entries, path, wait_until};

const MESSAGE: &str = "The predecessor gave every node the whole message; „dieser“ gives each its half 🦀.";

/// What the client and two nodes have at the end.
#[test]
fn two_nodes_encrypt_half_of_the_message_each() {
    let parties = Parties::new();
    let nodes = ["node-1", "node-2"];
    let fingerprints = nodes.map(|node| parties.create_identity(node));
    let [first, second] = &fingerprints;
    let client = parties.client(&["--message", MESSAGE, "--allow-peer", first, "--allow-peer", second]);
    let message = client.message.clone();
    let running = nodes.map(|node| parties.node(node, &client, &[]));
    let returned = client.expect_report();
    let ended = running.map(|node| node.end().expect_code(0).json());

    assert_eq!((&returned["text"], &returned["bytes"]), (&json!(MESSAGE), &json!(MESSAGE.len())));
    assert_eq!(parties.read("client", &message, "message"), MESSAGE.as_bytes());
    let mut halves = Vec::new();
    for (node, (report, fingerprint)) in nodes.iter().zip(ended.iter().zip(&fingerprints)) {
        let part = assert_holds_one_part(&parties, node, &message);
        let number = report["part"].as_u64().unwrap();
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
fn any_message_goes_through_any_number_of_nodes() {
    let parties = Parties::new();
    let noise: Vec<u8> = (0..300_001_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (nodes, clear) in [(1, &b""[..]), (3, b""), (2, "é".as_bytes()), (5, "🦀".as_bytes()), (4, &noise), (1, &noise)]
    {
        let out = tempfile::tempdir().unwrap();
        let file = parties.sandbox.write("message", clear);
        let report = parties.sandbox.succeed([
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
        let report = report.json();
        assert_eq!(fs::read(report["file"].as_str().unwrap()).unwrap(), clear, "{nodes} nodes");
        assert_eq!(report["parts"].as_array().unwrap().len(), nodes);
        for node in 1..=nodes {
            let directory = out.path().join(format!("node-{node}")).join(report["message"].as_str().unwrap());
            let parts = entries(&directory).into_iter().filter(|name| name.starts_with("part-")).count();
            assert_eq!(parts, 2, "{}", directory.display());
        }
    }
}

#[test]
fn a_message_from_standard_input_leaves_no_files() {
    let parties = Parties::new();
    let out = parties.sandbox.feed(["fog", "run", "--bits", "2048", "--quiet"], MESSAGE.as_bytes()).expect_code(0);
    assert_eq!((out.stdout, out.stderr), (MESSAGE.to_owned(), String::new()));
    assert_eq!(entries(&parties.sandbox.temporary()), Vec::<String>::new());
    assert_eq!(entries(&parties.sandbox.work()), ["key.pem"]);
}

/// With `--quiet`, a client prints the message and nothing else.
#[test]
fn a_quiet_client_prints_only_the_message() {
    let parties = Parties::new();
    let listen = format!("127.0.0.1:{}", free_port());
    let key = parties.sandbox.file("key.pem");
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
    let client = Process::new(parties.command("client", &arguments).spawn().unwrap());
    let node = parties.command("node", &["fog", "node", "--quiet", "--connect", &listen]).spawn().unwrap();
    let ended = client.end().expect_code(0);
    assert_eq!((ended.stdout, ended.stderr), (MESSAGE.to_owned(), String::new()));
    assert_all_succeed([Process::new(node)]);
}

/// Text that would control the terminal is not printed.
#[test]
fn a_message_that_is_not_text_is_not_printed() {
    let parties = Parties::new();
    for clear in [&b"\x1b[2J"[..], b"\xFF\xFE", &[b'a'; 70_000]] {
        let out = parties.sandbox.feed(["fog", "run", "--bits", "2048"], clear).expect_code(0).stdout;
        assert!(out.contains("returned unchanged") && out.len() < 1000 && !out.contains('\x1b'), "{out}");
    }
}

/// Line ends are printed unchanged, and `--quiet` prints exactly the message.
#[test]
fn line_ends_are_unchanged() {
    let parties = Parties::new();
    for clear in ["a\r\nb\r\n", "a\n\n\n", "\x1b[2J", ""] {
        let run = |more: &[&str]| {
            let arguments = [&["fog", "run", "--bits", "2048"], more].concat();
            parties.sandbox.feed(arguments, clear.as_bytes()).expect_code(0).stdout
        };
        assert_eq!(run(&["--quiet"]), clear);
        assert_eq!(run(&[]).ends_with(&format!("unchanged\n{clear}")), !clear.contains('\x1b'), "{clear:?}");
    }
}

/// Two messages in one directory do not affect each other.
#[test]
fn nothing_is_overwritten() {
    let parties = Parties::new();
    let go = |text: &str| {
        let client = parties.client(&["--message", text, "--nodes", "1"]);
        let (message, node) = (client.message.clone(), parties.node("node", &client, &[]));
        client.expect_report();
        node.end().expect_code(0);
        message
    };
    let (first, second) = (go("first"), go("second"));
    assert_ne!(first, second);
    for party in ["client", "node"] {
        assert_eq!(entries(&parties.out(party)).len(), 3, "{party}: not two messages and a journal");
    }
    assert_eq!(parties.read("client", &first, "message"), b"first");
    assert_eq!(parties.read("node", &second, "part-1-of-1"), b"second");
}

/// A node that stays works for one client after the other, and ends without an error when it is stopped.
#[test]
fn a_node_that_stays_waits_for_the_next_client() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "first", "--nodes", "1"]);
    let listen = client.address.to_string();
    let node = parties.node("node", &client, &["--stay"]);
    client.expect_report();
    let client = parties.client_at(&listen, &["--message", "second", "--nodes", "1"]);
    client.expect_report();
    node.signal(Signal::TERM);
    let ended = node.end().expect_code(0);
    assert_eq!(ended.stdout.lines().count(), 2, "{}", ended.stdout);
    assert_eq!(parties.count("node", "accepted"), 2);
}

/// With more nodes than parts, one reports that it was not needed.
#[test]
fn a_surplus_node_is_not_needed() {
    let parties = Parties::new();
    let client = parties.client(&["--message", MESSAGE]);
    let first = parties.node("node-1", &client, &[]);
    parties.wait_for("client", "joined");
    // It cannot return its part before all three are connected.
    first.signal(Signal::STOP);
    let others = ["node-2", "node-3"].map(|node| parties.node(node, &client, &[]));
    wait_until("three nodes", || parties.count("client", "joined") == 3);
    first.signal(Signal::CONT);
    client.expect_report();
    let reports = [first].into_iter().chain(others).map(|node| node.end().expect_code(0).json());
    assert_eq!(reports.filter(|report| report["part"].is_null()).count(), 1);
    assert_eq!(["node-1", "node-2", "node-3"].iter().filter(|node| parties.files(node).is_empty()).count(), 1);
}

/// The client's generated key is kept and used again; openssl reads it.
#[test]
fn a_generated_key_is_kept() {
    let parties = Parties::new();
    let go = || {
        let client = parties.client(&["--message", "short", "--nodes", "1", "--bits", "2048"]);
        let (message, node) = (client.message.clone(), parties.node("node", &client, &[]));
        client.expect_report();
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
