//! Secrets stay secret: on the network, in another node's directory, in output and journals.

use std::fs;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::parties::{Parties, assert_holds_one_part, rsa_key_pem};
use crate::attacker::{Attacker, Manipulation};
use crate::faults::recorded::holds;

/// Two halves that can be recognized.
const HALVES: [&str; 2] = ["unmistakable first half of this message, ", "and its quite different second half as well"];

/// Returns the secret bytes of a private key in PEM.
fn key_material(pem: &[u8]) -> Vec<Vec<u8>> {
    let text = std::str::from_utf8(pem).unwrap();
    let base64: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = BASE64_STANDARD.decode(base64).unwrap();
    // Without the header that all keys of a kind share and, for private RSA keys, without the public key.
    let inner = match der.len() {
        ..100 => &der[der.len() - 32..],
        100..400 => &der[40..der.len() - 8],
        _ => &der[400..],
    };
    inner.chunks_exact(16).map(<[u8]>::to_vec).collect()
}

#[test]
fn no_secret_is_found_where_it_must_not_be() {
    let parties = Parties::new();
    let nodes = ["node-1", "node-2"];
    let fingerprints = nodes.map(|node| parties.create_identity(node));
    parties.create_identity("client");
    let text = HALVES.concat();
    let client = parties.client(&["--message", &text, "--allow-peer", &fingerprints.join(",")]);
    let attacker = Attacker::before(client.address, |_| Manipulation::Forward);
    let (message, fingerprint) = (client.message.clone(), client.fingerprint.clone());
    let running = nodes.map(|node| parties.node_at(node, attacker.address(), &fingerprint, &[]));
    let returned = client.end().expect_code(0);
    let ended = running.map(|node| node.end().expect_code(0));

    let identity = |party: &str, name: &str| fs::read(parties.state(party).join(format!("identities/{name}.pem")));
    let identities = [identity("client", "fog-client"), identity("node-1", "fog-node"), identity("node-2", "fog-node")];
    let identities = identities.map(|pem| key_material(&pem.unwrap()));
    let rsa = key_material(rsa_key_pem());
    let plaintexts = HALVES.map(|half| half.trim().as_bytes().to_vec());
    let private: Vec<Vec<u8>> = identities.concat().into_iter().chain(rsa).collect();
    assert!(private.len() > 40 && private.iter().all(|bytes| bytes.len() == 16));

    // On the network: nothing of the message, of its name, of any key, of any identity.
    let names = [message.as_bytes().to_vec(), b"part-1".to_vec(), b"RSA-OAEP".to_vec(), fingerprint[..19].into()];
    let public = key_material(&parties.read("client", &message, "public-key.pem"));
    let hidden: Vec<_> = plaintexts.iter().chain(&private).chain(&names).chain(&public).collect();
    assert_eq!(attacker.connections(), 2);
    for recording in attacker.recordings() {
        assert!(recording.reads().len() > 2);
        let seen = hidden.iter().position(|needle| recording.contains(needle));
        assert_eq!(seen, None, "on the network");
    }

    // At a node: its own half, and no private key.
    for node in nodes {
        let own = parties.read(node, &message, &assert_holds_one_part(&parties, node, &message));
        let other = plaintexts.iter().find(|half| !holds(&own, &half[..20])).unwrap();
        let bytes = parties.all_bytes(node);
        assert!(holds(&bytes, &own) && !holds(&bytes, &other[10..]));
        assert!(private.iter().all(|key| !holds(&bytes, key)));
    }

    // In output and journals.
    let journals = ["client", "node-1", "node-2"].map(|party| {
        assert!(!parties.journal(party).is_empty());
        fs::read(parties.out(party).join("journal.jsonl")).unwrap()
    });
    let output = ended.iter().map(|ended| [ended.stdout.as_bytes(), ended.stderr.as_bytes()].concat());
    for log in journals.into_iter().chain(output).chain([returned.stderr.into_bytes()]) {
        assert!(plaintexts.iter().chain(&private).all(|secret| !holds(&log, &secret[..16])));
    }
}
