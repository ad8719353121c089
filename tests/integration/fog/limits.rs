//! What the system does not give: files, room, time, a terminal.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::parties::Parties;
use crate::attacker::invalid_clients::idle_connections;
use crate::house::{Ended, Running, UNIGNORED, entries, path, wait_until, wrapped};

/// Open files that ten nodes in one process take, at most.
const TEN_NODES: &str = "--nofile=108";

#[test]
fn too_few_open_files_are_told_before_anything_is_done() {
    let parties = Parties::new();
    let run = |limit: &str, arguments: &[&str]| {
        Ended::from(wrapped(&["prlimit", limit], &parties.command("client", arguments)).output().unwrap())
    };
    let ten = ["fog", "run", "--bits", "2048", "--nodes", "10", "--message", "for ten nodes", "--quiet"];
    run("--nofile=107", &ten).expect_code(8).says(&["open files", "107", "ulimit -n 108", "--nodes"]);
    assert_eq!(run(TEN_NODES, &ten).expect_code(0).stdout, "for ten nodes");
    let key = parties.house.file("key.pem");
    let many = ["fog", "client", "--listen", "127.0.0.1:0", "--accept-any", "--key", path(&key), "--message", "a"];
    run("--nofile=64", &[&many[..], &["--nodes", "1000"]].concat()).expect_code(8).says(&["ulimit -n 1560"]);
}

/// Where few can be open, few strangers are let in, and those give way.
#[test]
fn idle_connections_keep_nobody_out_where_few_files_can_be_open() {
    let parties = Parties::new();
    let client = parties.client_run_by(&["prlimit", "--nofile=80"], &["--message", "undisturbed", "--nodes", "1"]);
    let idle = idle_connections(client.address, 300);
    let node = parties.node("node", &client, &[]);
    client.returned();
    node.end().expect_code(0);
    assert_eq!(idle.len(), 300);
}

/// What there is of a line that does not fit on the disk is taken back.
#[test]
fn a_journal_that_is_full_keeps_its_lines_whole() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "hello", "--nodes", "1"]);
    let journal = parties.out("full").join("journal.jsonl");
    let there = format!("{:1000}\n", "{}");
    fs::create_dir(parties.out("full")).unwrap();
    fs::write(&journal, &there).unwrap();
    let (address, pinned) = (client.address.to_string(), ["--peer-fingerprint", &client.fingerprint]);
    let node = parties.command("full", &[&["fog", "node", "--connect", &address][..], &pinned].concat());
    // Ignored, the signal becomes the error that a full disk would be.
    let limit = ["sh", "-c", "trap '' XFSZ && exec prlimit --fsize=1100 \"$0\" \"$@\""];
    Ended::from(wrapped(&limit, &node).output().unwrap()).expect_code(8).says(&["journal.jsonl", "too large"]);
    assert_eq!(fs::read_to_string(&journal).unwrap(), there);
    let node = parties.node("node", &client, &[]);
    client.returned();
    node.end().expect_code(0);
}

#[test]
fn an_answer_that_cannot_be_printed_is_told() {
    let parties = Parties::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut run = parties.command("client", &["fog", "run", "--bits", "2048", "--message", "hello"]);
    Ended::from(run.stdout(full).output().unwrap()).expect_code(8).says(&["standard output", "No space left"]);
}

/// Somebody listens there and says nothing at all.
#[test]
fn a_silent_handshake_takes_no_longer_than_a_client_is_looked_for() {
    let parties = Parties::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let begun = Instant::now();
    let node = parties.command("node", &["fog", "node", "--connect", &address, "--timeout", "2"]).output().unwrap();
    Ended::from(node).expect_code(12).says(&[&address, "timed out", "--timeout"]);
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
}

/// A terminal that goes takes nothing with it that matters, and leaves nothing behind.
#[test]
fn whoever_hangs_up_ends_the_work_unless_that_is_to_be_ignored() {
    let parties = Parties::new();
    let message = parties.house.write("message", vec![7; 200 << 20]);
    let command = parties.command("client", &["fog", "run", "--bits", "2048", "--file", path(&message)]);
    let start = |words: &[&str]| {
        let running = Running::new(wrapped(words, &command).spawn().unwrap());
        wait_until("the folder", || !entries(&parties.house.temporary()).is_empty());
        running.signal(Signal::HUP);
        running.end()
    };
    start(&["env", UNIGNORED]).expect_code(130).says(&["stopped on request"]);
    assert_eq!(entries(&parties.house.temporary()), Vec::<String>::new());
    start(&["env", "--ignore-signal=HUP"]).expect_code(0);
}
