//! Long messages: nodes that are lost on the way, memory, and the end.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::field::{Fog, NODES, result};
use crate::containers::checkout::Checkout;
use crate::containers::engine;
use crate::sandbox::{CommandOutput, wait_until};

/// What a line of the long message has, in bytes.
const LINE: usize = 20;

/// A message of so many bytes, no two lines of which are the same.
fn long(checkout: &Checkout, bytes: usize) -> PathBuf {
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
fn a_node_that_is_killed_comes_back_for_its_part() {
    let fog = Fog::up();
    let message = long(&fog.checkout, 200_000_000);
    let sending = fog.begin(&message);
    wait_until("both", || NODES.iter().all(|node| fog.has_noted(node, "assigned")));
    engine::ask(&["kill", "fog-node-1"]);
    // Of the other one only the process, which the engine starts again by itself.
    engine::ask(&["exec", "fog-node-2", "sh", "-c", "kill -9 $(pidof hestat)"]);
    wait_until("the loss", || fog.has_noted("fog-client", "lost"));
    wait_until("the other", || engine::inspect("fog-node-2", "{{.RestartCount}} {{.State.Running}}") == "1 true");
    // The part waits.
    std::thread::sleep(Duration::from_secs(2));
    assert!(!fog.has_noted("fog-client", "reassembled"));
    engine::ask(&["start", "fog-node-1"]);
    let ended: CommandOutput = sending.wait_with_output().unwrap().into();
    let told = result(ended.says(&["is lost: "]));
    fog.assert_right(&told, &message);
}

/// Within 256 MB, and gone when asked to be, also from the middle of a message.
#[test]
#[ignore = "needs a container engine"]
fn a_long_message_takes_little_memory_and_the_end_little_time() {
    let fog = Fog::up();
    let all = [NODES[0], NODES[1], "fog-client"];
    let message = long(&fog.checkout, 300_000_000);
    let told = fog.send(&message);
    fog.assert_right(&told, &message);
    for name in all {
        let limit: u64 = engine::inspect(name, "{{.HostConfig.Memory}}").parse().unwrap();
        assert!((1..=256 << 20).contains(&limit), "{limit}");
        assert_eq!(engine::inspect(name, "{{.RestartCount}} {{.State.OOMKilled}}"), "0 false", "{name}");
    }
    // Idle, each is gone at once.
    for name in NODES {
        assert!(stop(name) < Duration::from_secs(1), "{name}");
    }
    engine::ask(&["start", NODES[0], NODES[1]]);
    // And at work, all of them together.
    let sending = fog.begin(&message);
    wait_until("a second part", || {
        let given = std::fs::read_to_string(fog.folder("fog-client").join("journal.jsonl")).unwrap();
        given.matches("\"event\":\"given\"").count() > 2
    });
    let begin = Instant::now();
    fog.checkout.compose(&["--profile", "fog", "stop"]).expect_code(0);
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
    assert_ne!(sending.wait_with_output().unwrap().status.code(), Some(0));
    for name in all {
        assert_eq!(engine::inspect(name, "{{.State.ExitCode}}"), "0", "{name}");
    }
}

/// What it takes to stop this container, but for what the command line itself takes.
fn stop(name: &str) -> Duration {
    let duration = |command: &[&str]| {
        let begin = Instant::now();
        engine::ask(command);
        begin.elapsed()
    };
    duration(&["stop", name]).saturating_sub(duration(&["version"]))
}
