//! Limits of the system: open files, disk space, and the end of the terminal.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::parties::Parties;
use crate::attacker::invalid_clients::idle_connections;
use crate::sandbox::{CommandOutput, Process, UNIGNORED, entries, path, wait_until, wrapped};

/// The limit of open files with which ten nodes in one process still work.
const TEN_NODES: &str = "--nofile=108";

#[test]
fn a_low_limit_of_open_files_is_reported_at_the_start() {
    let parties = Parties::new();
    let run = |limit: &str, arguments: &[&str]| {
        CommandOutput::from(wrapped(&["prlimit", limit], &parties.command("client", arguments)).output().unwrap())
    };
    let ten = ["fog", "run", "--bits", "2048", "--nodes", "10", "--message", "for ten nodes", "--quiet"];
    run("--nofile=107", &ten).expect_code(8).says(&["open files", "107", "ulimit -n 108", "--nodes"]);
    assert_eq!(run(TEN_NODES, &ten).expect_code(0).stdout, "for ten nodes");
    let key = parties.sandbox.file("key.pem");
    let many = ["fog", "client", "--listen", "127.0.0.1:0", "--accept-any", "--key", path(&key), "--message", "a"];
    run("--nofile=64", &[&many[..], &["--nodes", "1000"]].concat()).expect_code(8).says(&["ulimit -n 1560"]);
}

/// If few files can be open, few handshakes may be pending, and the oldest are closed.
#[test]
fn idle_connections_do_not_block_nodes_if_few_files_can_be_open() {
    let parties = Parties::new();
    let client = parties.client_under(&["prlimit", "--nofile=80"], &["--message", "undisturbed", "--nodes", "1"]);
    let idle = idle_connections(client.address, 300);
    let node = parties.node("node", &client, &[]);
    client.expect_report();
    node.end().expect_code(0);
    // The connections must stay open until here.
    drop(idle);
}

/// A partial line is removed if the disk is full.
#[test]
fn a_full_disk_leaves_no_partial_line_in_the_journal() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "hello", "--nodes", "1"]);
    let journal = parties.out("full").join("journal.jsonl");
    let existing = format!("{:1000}\n", "{}");
    fs::create_dir(parties.out("full")).unwrap();
    fs::write(&journal, &existing).unwrap();
    let (address, pinned) = (client.address.to_string(), ["--peer-fingerprint", &client.fingerprint]);
    let node = parties.command("full", &[&["fog", "node", "--connect", &address][..], &pinned].concat());
    // If SIGXFSZ is ignored, writing beyond the limit fails as on a full disk.
    let limit = ["sh", "-c", "trap '' XFSZ && exec prlimit --fsize=1100 \"$0\" \"$@\""];
    CommandOutput::from(wrapped(&limit, &node).output().unwrap()).expect_code(8).says(&["journal.jsonl", "too large"]);
    assert_eq!(fs::read_to_string(&journal).unwrap(), existing);
    let node = parties.node("node", &client, &[]);
    client.expect_report();
    node.end().expect_code(0);
}

#[test]
fn a_result_that_cannot_be_printed_is_an_error() {
    let parties = Parties::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut run = parties.command("client", &["fog", "run", "--bits", "2048", "--message", "hello"]);
    CommandOutput::from(run.stdout(full).output().unwrap()).expect_code(8).says(&["standard output", "No space left"]);
}

/// The peer accepts the connection and stays silent.
#[test]
fn a_silent_handshake_ends_at_the_timeout() {
    let parties = Parties::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let begun = Instant::now();
    let node = parties.command("node", &["fog", "node", "--connect", &address, "--timeout", "2"]).output().unwrap();
    CommandOutput::from(node).expect_code(12).says(&[&address, "timed out", "--timeout"]);
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
}

/// SIGHUP ends the command cleanly, unless it is ignored.
#[test]
fn a_hangup_ends_the_command_unless_it_is_ignored() {
    let parties = Parties::new();
    let message = parties.sandbox.write("message", vec![7; 200 << 20]);
    let command = parties.command("client", &["fog", "run", "--bits", "2048", "--file", path(&message)]);
    let start = |words: &[&str]| {
        let running = Process::new(wrapped(words, &command).spawn().unwrap());
        wait_until("the directory", || !entries(&parties.sandbox.temporary()).is_empty());
        running.signal(Signal::HUP);
        running.end()
    };
    start(&["env", UNIGNORED]).expect_code(130).says(&["stopped on request"]);
    assert_eq!(entries(&parties.sandbox.temporary()), Vec::<String>::new());
    start(&["env", "--ignore-signal=HUP"]).expect_code(0);
}
