//! An attacker on the wire between node and client: whatever it does is noticed or makes no difference, and the message comes
//! back right once it lets a connection be.

use std::fs;
use std::time::Duration;

use super::parties::Parties;
use crate::attacker::credentials::certificate_of;
use crate::attacker::impersonation::{Impersonator, certificate_at};
use crate::attacker::{Attacker, Direction, Manipulation, RecordFault, Recording, Tampering};
use crate::faults::weather::Ending;

const MESSAGE: &str = "nobody in between may read, alter, or repeat this";

const PROTOCOL: &[u8] = b"hestat-fog/1";

/// Has the message go through one node, whose first connection is manipulated; what the attacker saw of that.
#[track_caller]
fn survives(what: &str, parties: &Parties, manipulation: Manipulation) -> Recording {
    let client = parties.client(&["--message", MESSAGE, "--nodes", "1", "--silence", "3"]);
    let message = client.message.clone();
    let pass = Manipulation::Pass;
    let attacker =
        Attacker::before(client.address, move |number| if number == 0 { manipulation.clone() } else { pass.clone() });
    let node = parties.node_at("node", attacker.address(), &client.fingerprint, &["--silence", "3"]);
    let returned = client.returned();
    // The node may have missed the word that its part was accepted, and look for the client still.
    drop(node);
    assert_eq!(returned["text"], MESSAGE, "{what}");
    assert_eq!(parties.read("client", &message, "message"), MESSAGE.as_bytes(), "{what}");
    assert!(attacker.manipulations() > 0, "{what}: it must have happened");
    let recordings = attacker.recordings();
    assert!(recordings.iter().all(|recording| !recording.contains(&MESSAGE.as_bytes()[..16])), "{what}");
    recordings[0].clone()
}

/// A conversation that nobody disturbs.
fn undisturbed(parties: &Parties) -> Recording {
    let client = parties.client(&["--message", MESSAGE, "--nodes", "1"]);
    let attacker = Attacker::before(client.address, |_| Manipulation::Pass);
    let node = parties.node_at("node", attacker.address(), &client.fingerprint, &[]);
    client.returned();
    node.end().expect_code(0);
    attacker.finished(0)
}

/// The records of one direction but for those at the end that may be said or not: when they come, nothing is missing.
fn before_farewells(recording: &Recording, direction: Direction) -> Vec<Vec<u8>> {
    let mut records = recording.records(direction);
    let farewells = match direction {
        Direction::ToServer => 1,
        Direction::ToClient => 3,
    };
    records.truncate(records.len() - farewells);
    records
}

fn tamper(direction: Direction, tampering: Tampering) -> Manipulation {
    Manipulation::Tamper(direction, tampering)
}

/// Bytes from the beginning to the end of each direction, such that each kind of record is hit; every single byte is flipped
/// in the tests of `wire`.
#[test]
fn flipped_bytes() {
    let parties = Parties::new();
    let recording = undisturbed(&parties);
    for direction in Direction::BOTH {
        let mut end = 0;
        for record in before_farewells(&recording, direction) {
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
fn cuts_stalls_and_delays() {
    let parties = Parties::new();
    let recording = undisturbed(&parties);
    for direction in Direction::BOTH {
        let length = recording.bytes(direction).len() as u64;
        for at in [0, length / 4, length / 2, length * 3 / 4] {
            for ending in [Ending::Close, Ending::Reset] {
                survives(
                    &format!("cut at {at} {direction:?}"),
                    &parties,
                    tamper(direction, Tampering::Cut { at, ending }),
                );
            }
            let by = Duration::from_millis(300);
            survives(&format!("delay at {at} {direction:?}"), &parties, tamper(direction, Tampering::Delay { at, by }));
        }
        let at = length * 3 / 4;
        survives(&format!("stall at {at} {direction:?}"), &parties, tamper(direction, Tampering::Stall { at }));
    }
}

/// No boundary of a message relies on what one read gives.
#[test]
fn bytes_that_come_one_by_one() {
    let parties = Parties::new();
    for direction in Direction::BOTH {
        let trickle = Tampering::Trickle { bytes: 7, pause: Duration::from_micros(100) };
        survives(&format!("trickle {direction:?}"), &parties, tamper(direction, trickle));
    }
}

#[test]
fn records_that_come_twice_or_not_or_in_another_order() {
    let parties = Parties::new();
    let recording = undisturbed(&parties);
    let stray = recording.records(Direction::ToServer)[1].clone();
    for direction in Direction::BOTH {
        for number in 0..before_farewells(&recording, direction).len() as u64 {
            for fault in [RecordFault::Duplicate, RecordFault::Drop, RecordFault::InsertBefore(stray.clone())] {
                let what = format!("record {number} {direction:?} {fault:?}");
                survives(&what, &parties, tamper(direction, Tampering::Record { number, fault }));
            }
        }
    }
    // Records that come one after the other without an answer in between, whatever follows: the server's first flight.
    for number in [0, 1] {
        let swap = Tampering::Record { number, fault: RecordFault::Swap };
        survives(&format!("record {number} swapped"), &parties, tamper(Direction::ToClient, swap));
    }
}

#[test]
fn what_is_inserted_reflected_or_replayed() {
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
    // A whole earlier conversation, again.
    let before = parties.count("client", "joined");
    survives("replay", &parties, Manipulation::Replay(recording));
    assert_eq!(parties.count("client", "joined"), before + 1, "who repeats what a node said is no node");
}

/// Somebody with a key of its own in the middle: the node refuses it, and says so loudly.
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
    client.returned();
    node.end().expect_code(0);
}

/// The client's own certificate, and one that holds its key's name, shown by somebody who has not got the key.
#[test]
fn the_client_s_certificate_is_worth_nothing_without_its_key() {
    let parties = Parties::new();
    let probe = parties.client(&["--message", MESSAGE, "--nodes", "1"]);
    let shown = certificate_at(probe.address, PROTOCOL).unwrap();
    probe.kill();
    let forged = certificate_of(&public_key(&parties, "client", "fog-client"));
    for certificate in [shown, forged] {
        let impostor = Impersonator::new().with_server_certificate(certificate);
        let recording = survives("a stolen certificate", &parties, Manipulation::Terminate(impostor));
        assert!(recording.reads().is_empty(), "nothing was said to an impostor");
    }
}

/// The same the other way round: who shows an enrolled node's certificate does not come in.
#[test]
fn a_node_s_certificate_is_worth_nothing_without_its_key() {
    let parties = Parties::new();
    let enrolled = parties.enrol("node");
    let client = parties.client(&["--message", MESSAGE, "--nodes", "1", "--allow-peer", &enrolled]);
    let forged = certificate_of(&public_key(&parties, "node", "fog-node"));
    let called = Impersonator::new().with_client_certificate(forged).request(client.address, PROTOCOL, b"let me in");
    assert!(called.is_err(), "{called:?}");
    // With a certificate of its own it hears only that it is not enrolled.
    let heard = Impersonator::new().request(client.address, PROTOCOL, b"let me in").unwrap();
    assert!(heard.len() < 20, "{heard:?}");
    assert_eq!(parties.count("client", "joined"), 0);
    let node = parties.node("node", &client, &[]);
    client.returned();
    node.end().expect_code(0);
}

/// The 32 bytes of an identity's public key.
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
