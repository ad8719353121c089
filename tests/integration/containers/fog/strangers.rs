//! Those who are none of the three.

use super::field::{Fog, NODES, result};
use crate::containers::engine;
use crate::sandbox::{CommandOutput, wait_until};

/// Runs hestat in one more container on the same network.
fn stranger(fog: &Fog, options: &[&str], arguments: &[&str]) -> CommandOutput {
    let network = format!("{}_fog", fog.checkout.project());
    let run = ["run", "--rm", "--network", &network];
    let own = ["--state", "/tmp/state", "--out", "/tmp/out"];
    engine::run(&[&run, options, &["hestat-fog", "hestat", "fog"], arguments, &own].concat())
}

/// What the client's container, or a node's, is known by.
fn fingerprint(name: &str) -> String {
    let shown = engine::run(&["exec", name, "hestat", "identity", "show", "--json"]).expect_code(0).json();
    shown[0]["fingerprint"].as_str().unwrap().to_owned()
}

#[test]
#[ignore = "needs a container engine"]
fn a_node_that_nobody_knows_gets_nothing() {
    let fog = Fog::up();
    let message = fog.checkout.write_table("message", "for the two alone");
    let (enrolled, client) = (NODES.map(fingerprint), fingerprint("fog-client"));
    engine::ask(&["stop", "fog-node-2"]);
    let sending = fog.begin(&message);
    wait_until("the first node", || fog.has_noted("fog-client", "joined"));
    let node = ["node", "--connect", "fog-client:7100", "--peer-fingerprint", &client];
    stranger(&fog, &[], &node).expect_code(17).says(&["fog-client:7100 does not allow this identity"]);
    engine::ask(&["start", "fog-node-2"]);
    let ended: CommandOutput = sending.wait_with_output().unwrap().into();
    let told = result(ended.says(&["refused a node"]));
    let nodes = [0, 1].map(|part| told["parts"][part]["node"].as_str().unwrap().to_owned());
    assert!(enrolled.iter().all(|node| nodes.contains(node)), "{nodes:?}");
    fog.assert_right(&told, &message);
}

/// Somebody takes the client's name and place; whoever comes is welcome there.
#[test]
#[ignore = "needs a container engine"]
fn nodes_know_their_client_from_another_one() {
    let fog = Fog::up();
    let message = fog.checkout.write_table("message", "by the right one");
    engine::ask(&["stop", "fog-client"]);
    let impostor = ["client", "--listen", "0.0.0.0:7100", "--accept-any", "--message", "by another", "--timeout", "20"];
    let shortage = stranger(&fog, &["--network-alias", "fog-client"], &impostor).expect_code(22);
    shortage.says(&["0 of 2 nodes are here"]);
    for node in NODES {
        let said = engine::run(&["logs", node]).stderr;
        assert!(said.contains("HAS ANOTHER KEY") && said.contains("/state/known_peers"), "{said}");
    }
    engine::ask(&["start", "fog-client"]);
    let told = fog.send(&message);
    fog.assert_right(&told, &message);
    // Whoever starts a node with another address does not make it trust the first that answers.
    let elsewhere = ["exec", "--env", "HESTAT_FOG_CONNECT=localhost:7101", "fog-node-1", "hestat", "fog", "node"];
    let asking = ["exec", "--detach", "fog-node-1", "hestat", "fog", "client", "--listen", "127.0.0.1:7101"];
    let anyone = ["--accept-any", "--nodes", "1", "--message", "x", "--state", "/tmp/s", "--out", "/tmp/o"];
    engine::ask(&[&asking[..], &anyone].concat());
    assert_eq!(engine::run(&elsewhere).expect_code(8).stdout, "");
}
