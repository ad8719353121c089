//! Strangers at the client's door: whatever they say, or do not say, honest nodes go on.

use std::time::Duration;

use super::parties::{Parties, all_end_well};
use crate::attacker::strangers::{Stranger, idle_connections, slow_loris};

const PROTOCOL: &[u8] = b"hestat-fog/1";

#[test]
fn strangers_of_all_kinds_are_hung_up_on() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "undisturbed", "--nodes", "1"]);
    for stranger in Stranger::ALL {
        stranger.visit(client.address, PROTOCOL, Duration::from_secs(20)).unwrap();
    }
    assert_eq!(parties.count("client", "joined"), 0);
    let node = parties.node("node", &client, &[]);
    client.returned();
    node.end().expect_code(0);
}

#[test]
fn who_says_a_byte_now_and_then_is_not_waited_for() {
    let parties = Parties::new();
    let client = parties.client(&["--message", "undisturbed", "--nodes", "1"]);
    let dawdled = slow_loris(client.address, PROTOCOL, Duration::from_millis(500), Duration::from_secs(30));
    assert!(dawdled.hung_up && dawdled.after < Duration::from_secs(15), "{dawdled:?}");
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
