//! Long messages: lost nodes, memory use and shutdown.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::setup::{Fog, NODES, report};
use crate::containers::checkout::Checkout;
use crate::containers::engine;
use crate::sandbox::{CommandOutput, wait_until};

/// Bytes per line of the long message.
const LINE: usize = 20;

/// Writes a message of `bytes` bytes whose lines all differ.
fn write_long_message(checkout: &Checkout, bytes: usize) -> PathBuf {
    let path = checkout.write_table("long", "");
    let mut file = BufWriter::new(File::create(&path).unwrap());
    for number in 0..bytes / LINE {
        writeln!(file, "{number:0width$}", width = LINE - 1).unwrap();
    }
    file.into_inner().unwrap().sync_all().unwrap();
    path
}

#[test]
#[ignore = "needs a container engine"]
fn a_message_completes_after_its_killed_nodes_restart() {
    let fog = Fog::up();
    let message = write_long_message(&fog.checkout, 200_000_000);
    let sending = fog.start(&message);
    wait_until("both nodes to work", || NODES.iter().all(|node| fog.has_logged(node, "assigned")));
    engine::output(&["kill", "fog-node-1"]);
    // Of the other node only the process is killed, which the engine restarts.
    engine::output(&["exec", "fog-node-2", "sh", "-c", "kill -9 $(pidof hestat)"]);
    wait_until("the report of a lost node", || fog.has_logged("fog-client", "lost"));
    wait_until("the restart of the other node", || {
        engine::inspect("fog-node-2", "{{.RestartCount}} {{.State.Running}}") == "1 true"
    });
    // The part waits for a node.
    std::thread::sleep(Duration::from_secs(2));
    assert!(!fog.has_logged("fog-client", "reassembled"));
    engine::output(&["start", "fog-node-1"]);
    let output: CommandOutput = sending.wait_with_output().unwrap().into();
    let report = report(output.says(&["is lost: "]));
    fog.assert_correct(&report, &message);
}

/// The containers stay within 256 MB and stop quickly, also in the middle of a message.
#[test]
#[ignore = "needs a container engine"]
fn a_long_message_takes_little_memory_and_shutdown_is_quick() {
    let fog = Fog::up();
    let containers = [NODES[0], NODES[1], "fog-client"];
    let message = write_long_message(&fog.checkout, 300_000_000);
    let report = fog.send(&message);
    fog.assert_correct(&report, &message);
    for name in containers {
        let limit: u64 = engine::inspect(name, "{{.HostConfig.Memory}}").parse().unwrap();
        assert!((1..=256 << 20).contains(&limit), "{limit}");
        assert_eq!(engine::inspect(name, "{{.RestartCount}} {{.State.OOMKilled}}"), "0 false", "{name}");
    }
    // Idle nodes stop within a second.
    for name in NODES {
        assert!(engine::stop(name) < Duration::from_secs(1), "{name}");
    }
    engine::output(&["start", NODES[0], NODES[1]]);
    // Working containers stop within 8 seconds, all together.
    let sending = fog.start(&message);
    wait_until("a part of the second message", || {
        let journal = std::fs::read_to_string(fog.directory("fog-client").join("journal.jsonl")).unwrap();
        journal.matches("\"event\":\"given\"").count() > 2
    });
    let start = Instant::now();
    fog.checkout.compose(&["--profile", "fog", "stop"]).expect_code(0);
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert_ne!(sending.wait_with_output().unwrap().status.code(), Some(0));
    for name in containers {
        assert_eq!(engine::inspect(name, "{{.State.ExitCode}}"), "0", "{name}");
    }
}
