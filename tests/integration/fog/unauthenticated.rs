//! Unauthenticated peers cannot keep honest nodes from the client.

use std::time::Duration;

use super::parties::{Parties, assert_all_succeed};
use crate::attacker::impersonation::Impersonator;
use crate::attacker::invalid_clients::{InvalidClient, idle_connections, slow_loris};
use crate::sandbox::wait_until;

const PROTOCOL: &[u8] = b"hestat-fog/1";

#[test]
fn unauthenticated_peers_are_disconnected() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "undisturbed", "--nodes", "1"]);
    for invalid in InvalidClient::ALL {
        invalid.run(client.address, PROTOCOL, Duration::from_secs(20)).unwrap();
    }
    assert_eq!(parties.count("client", "joined"), 0);
    let node = parties.node("node", &client, &[]);
    client.expect_report();
    node.end().expect_code(0);
}

/// Authenticated peers, as anyone may be, that send invalid frames.
#[test]
fn invalid_frames_end_only_their_own_link() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "undisturbed"]);
    let first = parties.node("node-1", &client, &[]);
    parties.wait_for("client", "joined");
    let frame = |length: u32, bytes: &[u8]| [&length.to_be_bytes(), bytes].concat();
    let invalid = [
        frame(u32::MAX, b""),
        frame((256 << 10) + 1, &vec![1; 300_000]),
        frame(0, b""),
        frame(3, &[2, 0, 0]),
        frame(5, &[1, 0xFF, 0xFF, 0, 0]),
        frame(7, &[1, 0, 4, 0xFF, 0xFF, 0xFF, 0xFF]),
        InvalidClient::Garbage.bytes(PROTOCOL),
    ];
    for bytes in &invalid {
        // The link may end before the reply is read.
        let _ = Impersonator::new().request(client.address, PROTOCOL, bytes);
    }
    wait_until("the end of all of them", || parties.count("client", "lost") == invalid.len());
    let second = parties.node("node-2", &client, &[]);
    client.expect_report();
    assert_all_succeed([first, second]);
}

#[test]
fn a_slow_handshake_is_aborted() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "undisturbed", "--nodes", "1"]);
    let outcome = slow_loris(client.address, PROTOCOL, Duration::from_millis(500), Duration::from_secs(30));
    assert!(outcome.disconnected && outcome.elapsed < Duration::from_secs(15), "{outcome:?}");
    let node = parties.node("node", &client, &[]);
    client.expect_report();
    node.end().expect_code(0);
}

/// Of five thousand idle connections only 256 stay open, and a node still gets through.
#[test]
fn thousands_of_idle_connections_do_not_block_nodes() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "undisturbed"]);
    let first = parties.node("node-1", &client, &[]);
    parties.wait_for("client", "joined");
    let idle = idle_connections(client.address, 5000);
    let second = parties.node("node-2", &client, &[]);
    let memory = client.process().peak_memory();
    client.expect_report();
    assert_all_succeed([first, second]);
    // The connections must stay open until here.
    drop(idle);
    assert!(memory < 100 << 10, "{memory} KiB");
}
