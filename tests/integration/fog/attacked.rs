//! An attacker on the network between node and client: each manipulation is detected or makes no difference, and the
//! message comes back intact once a connection is left alone.

use std::fs;
use std::time::Duration;

use super::parties::Parties;
use crate::attacker::credentials::certificate_of;
use crate::attacker::impersonation::{Impersonator, certificate_at};
use crate::attacker::{Attacker, Direction, Manipulation, RecordFault, Recording, Tampering};
use crate::faults::fault_plan::Ending;

const MESSAGE: &str = "an attacker in between may not read, alter or repeat this";

const PROTOCOL: &[u8] = b"hestat-fog/1";

/// Sends the message through one node whose first connection is manipulated. Returns what the attacker recorded of it.
#[track_caller]
fn survives(what: &str, parties: &Parties, manipulation: Manipulation) -> Recording {
    let client = parties.client(&["--message", MESSAGE, "--nodes", "1", "--silence", "3"]);
    let message = client.message.clone();
    let attacker =
        Attacker::before(client.address, move |n| if n == 0 { manipulation.clone() } else { Manipulation::Forward });
    let node = parties.node_at("node", attacker.address(), &client.fingerprint, &["--silence", "3"]);
    let report = client.expect_report();
    // The node may have missed that its part was accepted, and may still be reconnecting.
    drop(node);
    assert_eq!(report["text"], MESSAGE, "{what}");
    assert_eq!(parties.read("client", &message, "message"), MESSAGE.as_bytes(), "{what}");
    assert!(attacker.manipulations() > 0, "{what}: no manipulation took effect");
    let recordings = attacker.recordings();
    assert!(recordings.iter().all(|recording| !recording.contains(&MESSAGE.as_bytes()[..16])), "{what}");
    recordings[0].clone()
}

/// Records a conversation without manipulation.
fn undisturbed(parties: &Parties) -> Recording {
    let client = parties.client(&["--message", MESSAGE, "--nodes", "1"]);
    let attacker = Attacker::before(client.address, |_| Manipulation::Forward);
    let node = parties.node_at("node", attacker.address(), &client.fingerprint, &[]);
    client.expect_report();
    node.end().expect_code(0);
    attacker.finished(0)
}

/// Returns the records of one direction without the final ones, whose loss makes no difference.
fn without_final(recording: &Recording, direction: Direction) -> Vec<Vec<u8>> {
    let mut records = recording.records(direction);
    let final_records = match direction {
        Direction::ToServer => 1,
        Direction::ToClient => 3,
    };
    records.truncate(records.len() - final_records);
    records
}

fn tamper(direction: Direction, tampering: Tampering) -> Manipulation {
    Manipulation::Tamper(direction, tampering)
}

/// Flips bytes from the beginning to the end of each direction, so that each kind of record is hit. The tests of `wire`
/// flip every single byte.
#[test]
fn flipped_bytes_are_detected() {
    let parties = Parties::new();
    let recording = undisturbed(&parties);
    for direction in Direction::BOTH {
        let mut end = 0;
        for record in without_final(&recording, direction) {
            let begin = end;
            end += record.len() as u64;
            for at in [begin + 3, u64::midpoint(begin, end), end - 1] {
                survives(
                    &format!("byte {at} {direction:?}"),
                    &parties,
                    tamper(direction, Tampering::FlipByte { at, mask: 1 }),
                );
            }
        }
    }
}

#[test]
fn early_closes_stalls_and_delays_are_survived() {
    let parties = Parties::new();
    let recording = undisturbed(&parties);
    for direction in Direction::BOTH {
        let length = recording.bytes(direction).len() as u64;
        for at in [0, length / 4, length / 2, length * 3 / 4] {
            for ending in [Ending::Close, Ending::Reset] {
                survives(
                    &format!("close at {at} {direction:?}"),
                    &parties,
                    tamper(direction, Tampering::Close { at, ending }),
                );
            }
            let by = Duration::from_millis(300);
            survives(&format!("delay at {at} {direction:?}"), &parties, tamper(direction, Tampering::Delay { at, by }));
        }
        let at = length * 3 / 4;
        survives(&format!("stall at {at} {direction:?}"), &parties, tamper(direction, Tampering::Stall { at }));
    }
}

/// The message boundaries do not depend on how much one read returns.
#[test]
fn bytes_that_arrive_one_by_one_make_no_difference() {
    let parties = Parties::new();
    for direction in Direction::BOTH {
        let trickle = Tampering::Trickle { bytes: 7, pause: Duration::from_micros(100) };
        survives(&format!("trickle {direction:?}"), &parties, tamper(direction, trickle));
    }
}

#[test]
fn duplicated_dropped_and_reordered_records_are_detected() {
    let parties = Parties::new();
    let recording = undisturbed(&parties);
    let earlier = recording.records(Direction::ToServer)[1].clone();
    for direction in Direction::BOTH {
        for number in 0..without_final(&recording, direction).len() as u64 {
            for fault in [RecordFault::Duplicate, RecordFault::Drop, RecordFault::InsertBefore(earlier.clone())] {
                let what = format!("record {number} {direction:?} {fault:?}");
                survives(&what, &parties, tamper(direction, Tampering::TlsRecord { number, fault }));
            }
        }
    }
    // Records that are sent without waiting for an answer: the server's first flight.
    for number in [0, 1] {
        let swap = Tampering::TlsRecord { number, fault: RecordFault::SwapWithNext };
        survives(&format!("record {number} swapped"), &parties, tamper(Direction::ToClient, swap));
    }
}

#[test]
fn inserted_reflected_and_replayed_bytes_are_detected() {
    let parties = Parties::new();
    let recording = undisturbed(&parties);
    for direction in Direction::BOTH {
        let length = recording.bytes(direction).len() as u64;
        for at in [0, length / 2] {
            let insert = Tampering::Insert { at, bytes: recording.records(direction.opposite())[0].clone() };
            survives(&format!("insert at {at} {direction:?}"), &parties, tamper(direction, insert));
            survives(&format!("reflect at {at} {direction:?}"), &parties, tamper(direction, Tampering::Reflect { at }));
        }
    }
    // A whole earlier conversation.
    let before = parties.count("client", "joined");
    survives("replay", &parties, Manipulation::Replay(recording));
    assert_eq!(parties.count("client", "joined"), before + 1, "a replayed node must not be accepted");
}

/// The node refuses a man in the middle with another key, and warns clearly.
#[test]
fn an_impostor_is_refused() {
    let parties = Parties::new();
    let client = parties.client(&["--message", MESSAGE, "--nodes", "1"]);
    let attacker = Attacker::before(client.address, |_| Manipulation::Terminate(Impersonator::new()));
    let node = parties.node_at("node", attacker.address(), &client.fingerprint, &[]);
    node.end().expect_code(15).says(&["Someone may be intercepting", &client.fingerprint]);
    assert!(attacker.finished(0).reads().is_empty());
    assert_eq!(parties.count("client", "joined"), 0);
    let node = parties.node("node", &client, &[]);
    client.expect_report();
    node.end().expect_code(0);
}

/// An impostor shows the client's own certificate, or one with its public key, without having the private key.
#[test]
fn the_client_s_certificate_without_its_key_is_refused() {
    let parties = Parties::new();
    let probe = parties.client(&["--message", MESSAGE, "--nodes", "1"]);
    let shown = certificate_at(probe.address, PROTOCOL).unwrap();
    probe.kill();
    let forged = certificate_of(&public_key(&parties, "client", "fog-client"));
    for certificate in [shown, forged] {
        let impostor = Impersonator::new().with_server_certificate(certificate);
        let recording = survives("a stolen certificate", &parties, Manipulation::Terminate(impostor));
        assert!(recording.reads().is_empty(), "nothing must be sent to an impostor");
    }
}

/// An impostor with the certificate of an accepted node is refused.
#[test]
fn a_node_s_certificate_without_its_key_is_refused() {
    let parties = Parties::new();
    let fingerprint = parties.create_identity("node");
    let client = parties.client(&["--message", MESSAGE, "--nodes", "1", "--allow-peer", &fingerprint]);
    let forged = certificate_of(&public_key(&parties, "node", "fog-node"));
    let outcome = Impersonator::new().with_client_certificate(forged).request(client.address, PROTOCOL, b"let me in");
    assert!(outcome.is_err(), "{outcome:?}");
    // With its own certificate it learns only that it is not on the allow list.
    let reply = Impersonator::new().request(client.address, PROTOCOL, b"let me in").unwrap();
    assert!(reply.len() < 20, "{reply:?}");
    assert_eq!(parties.count("client", "joined"), 0);
    let node = parties.node("node", &client, &[]);
    client.expect_report();
    node.end().expect_code(0);
}

/// Returns the 32 bytes of an identity's public key.
fn public_key(parties: &Parties, party: &str, name: &str) -> Vec<u8> {
    let file = parties.state(party).join(format!("identities/{name}.pub"));
    let pem = fs::read(file).unwrap();
    let der = crate::programs::run_bytes(
        crate::programs::program("sh")
            .args(["-c", "printf %s \"$0\" | openssl pkey -pubin -outform DER"])
            .arg(String::from_utf8(pem).unwrap()),
    );
    der[der.len() - 32..].to_vec()
}
