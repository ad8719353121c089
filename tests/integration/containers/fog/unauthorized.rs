//! Unknown nodes, and clients with the wrong key.

use super::setup::{Fog, NODES, report};
use crate::containers::engine;
use crate::sandbox::{CommandOutput, wait_until};

/// Runs hestat in another container on the same network.
fn run_in_another_container(fog: &Fog, options: &[&str], arguments: &[&str]) -> CommandOutput {
    let network = format!("{}_fog", fog.checkout.project());
    let run = ["run", "--rm", "--network", &network];
    let own = ["--state", "/tmp/state", "--out", "/tmp/out"];
    engine::run(&[&run, options, &["hestat-fog", "hestat", "fog"], arguments, &own].concat())
}

/// Returns the fingerprint of the client's or a node's identity.
fn fingerprint(name: &str) -> String {
    let shown = engine::run(&["exec", name, "hestat", "identity", "show", "--json"]).expect_code(0).json();
    shown[0]["fingerprint"].as_str().unwrap().to_owned()
}

#[test]
#[ignore = "needs a container engine"]
fn an_unknown_node_gets_no_part() {
    let fog = Fog::up();
    let message = fog.checkout.write_table("message", "for the two alone");
    let (allowed, client) = (NODES.map(fingerprint), fingerprint("fog-client"));
    engine::output(&["stop", "fog-node-2"]);
    let sending = fog.start(&message);
    wait_until("the first node", || fog.has_logged("fog-client", "joined"));
    let node = ["node", "--connect", "fog-client:7100", "--peer-fingerprint", &client];
    run_in_another_container(&fog, &[], &node).expect_code(17).says(&["fog-client:7100 does not allow this identity"]);
    engine::output(&["start", "fog-node-2"]);
    let output: CommandOutput = sending.wait_with_output().unwrap().into();
    let report = report(output.says(&["refused a node"]));
    let nodes = [0, 1].map(|part| report["parts"][part]["node"].as_str().unwrap().to_owned());
    assert!(allowed.iter().all(|node| nodes.contains(node)), "{nodes:?}");
    fog.assert_correct(&report, &message);
}

/// An impostor takes the client's name and address and accepts any node.
#[test]
#[ignore = "needs a container engine"]
fn nodes_refuse_a_client_with_the_wrong_key() {
    let fog = Fog::up();
    let message = fog.checkout.write_table("message", "by the right one");
    engine::output(&["stop", "fog-client"]);
    let impostor = ["client", "--listen", "0.0.0.0:7100", "--accept-any", "--message", "by another", "--timeout", "20"];
    let shortage = run_in_another_container(&fog, &["--network-alias", "fog-client"], &impostor).expect_code(22);
    shortage.says(&["only 0 of 2 nodes connected"]);
    for node in NODES {
        let log = engine::run(&["logs", node]).stderr;
        assert!(log.contains("DOES NOT HAVE THE EXPECTED KEY") && log.contains("/state/known_peers"), "{log}");
    }
    engine::output(&["start", "fog-client"]);
    let report = fog.send(&message);
    fog.assert_correct(&report, &message);
    // A node started with another address does not trust the first client that answers there.
    let elsewhere = ["exec", "--env", "HESTAT_FOG_CONNECT=localhost:7101", "fog-node-1", "hestat", "fog", "node"];
    let other_client = ["exec", "--detach", "fog-node-1", "hestat", "fog", "client", "--listen", "127.0.0.1:7101"];
    let anyone = ["--accept-any", "--nodes", "1", "--message", "x", "--state", "/tmp/s", "--out", "/tmp/o"];
    engine::output(&[&other_client[..], &anyone].concat());
    assert_eq!(engine::run(&elsewhere).expect_code(8).stdout, "");
}
