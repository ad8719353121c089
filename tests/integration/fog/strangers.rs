//! Strangers at the client's door: whatever they say, or do not say, honest nodes go on.

use std::time::Duration;

use super::parties::{Parties, all_end_well};
use crate::attacker::impersonation::Impersonator;
use crate::attacker::invalid_clients::{InvalidClient, idle_connections, slow_loris};
use crate::house::wait_until;

const PROTOCOL: &[u8] = b"hestat-fog/1";

#[test]
fn strangers_of_all_kinds_are_hung_up_on() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "undisturbed", "--nodes", "1"]);
    for stranger in InvalidClient::ALL {
        stranger.run(client.address, PROTOCOL, Duration::from_secs(20)).unwrap();
    }
    assert_eq!(parties.count("client", "joined"), 0);
    let node = parties.node("node", &client, &[]);
    client.returned();
    node.end().expect_code(0);
}

/// Peers that have shown a key, as anyone may, and then send what is no frame of the protocol.
#[test]
fn frames_that_are_none_end_their_link_alone() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "undisturbed"]);
    let first = parties.node("node-1", &client, &[]);
    parties.wait_for("client", "joined");
    let frame = |length: u32, bytes: &[u8]| [&length.to_be_bytes(), bytes].concat();
    let strange = [
        frame(u32::MAX, b""),
        frame((256 << 10) + 1, &vec![1; 300_000]),
        frame(0, b""),
        frame(3, &[2, 0, 0]),
        frame(5, &[1, 0xFF, 0xFF, 0, 0]),
        frame(7, &[1, 0, 4, 0xFF, 0xFF, 0xFF, 0xFF]),
        InvalidClient::Garbage.bytes(PROTOCOL),
    ];
    for words in &strange {
        // It is welcomed, or hung up on before that is read.
        drop(Impersonator::new().request(client.address, PROTOCOL, words));
    }
    wait_until("the end of all of them", || parties.count("client", "lost") == strange.len());
    let second = parties.node("node-2", &client, &[]);
    client.returned();
    all_end_well([first, second]);
}

#[test]
fn who_says_a_byte_now_and_then_is_not_waited_for() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "undisturbed", "--nodes", "1"]);
    let dawdled = slow_loris(client.address, PROTOCOL, Duration::from_millis(500), Duration::from_secs(30));
    assert!(dawdled.disconnected && dawdled.elapsed < Duration::from_secs(15), "{dawdled:?}");
    let node = parties.node("node", &client, &[]);
    client.returned();
    node.end().expect_code(0);
}

/// Five thousand connections that say nothing: there is room for 256 of them, and for whoever comes and speaks.
#[test]
fn thousands_of_idle_connections_keep_nobody_out() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "undisturbed"]);
    let first = parties.node("node-1", &client, &[]);
    parties.wait_for("client", "joined");
    let idle = idle_connections(client.address, 5000);
    let second = parties.node("node-2", &client, &[]);
    let memory = client.process().peak_memory();
    client.returned();
    all_end_well([first, second]);
    assert_eq!(idle.len(), 5000);
    assert!(memory < 100 << 10, "{memory} KiB");
}
