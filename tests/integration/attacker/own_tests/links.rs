//! What is done to a link between two who check each other: they notice, or it does no harm.

use std::io;
use std::time::Duration;

use super::super::records::record;
use super::super::{Attacker, Direction, Manipulation, RecordFault, Recording, Tampering};
use super::{Pair, guest};
use crate::faults::weather::Ending;

const SENTENCES: [&[u8]; 3] = [b"Nobody else may read this.", b"Nor is it ever heard twice,", b"or in another order."];

/// How a conversation went through this attacker. What arrives is right, as far as anything does.
#[track_caller]
fn converse(pair: &Pair, attacker: &Attacker, sentences: &[&[u8]]) -> io::Result<()> {
    let before = pair.echo.guests().len();
    let heard = pair.client.converse(attacker.address(), sentences);
    if pair.echo.guests().len() > before {
        let guest = guest(&pair.echo, before);
        assert!(sentences.concat().starts_with(&guest.heard), "{:?}", String::from_utf8_lossy(&guest.heard));
    }
    heard.map(|heard| assert_eq!(heard, sentences.concat()))
}

/// An undisturbed conversation.
fn recording(pair: &Pair, sentences: &[&[u8]]) -> Recording {
    let attacker = Attacker::before(pair.echo.address, |_| Manipulation::Pass);
    converse(pair, &attacker, sentences).unwrap();
    attacker.finished(0)
}

/// Insists that both sides come to notice it, and that it was there.
#[track_caller]
fn assert_noticed(pair: &Pair, manipulation: &Manipulation) {
    let known = manipulation.clone();
    let attacker = Attacker::before(pair.echo.address, move |_| known.clone());
    converse(pair, &attacker, &SENTENCES).expect_err(&format!("{manipulation:?}"));
    assert_eq!(attacker.struck(), 1, "{manipulation:?}");
}

#[test]
fn nothing_that_is_said_can_be_read() {
    let recording = recording(&Pair::new(), &SENTENCES);
    for sentence in SENTENCES {
        assert!(!recording.holds(sentence));
    }
    // It is a TLS conversation that was recorded: the hellos name what is no secret.
    assert!(recording.holds(super::super::echo::PROTOCOL));
    assert!(recording.records(Direction::ToServer).len() > SENTENCES.len());
}

#[test]
fn flipped_bits_are_noticed_or_do_no_harm() {
    let mut pair = Pair::new();
    let recording = recording(&pair, &SENTENCES[..1]);
    // Where a length is changed, a side may wait for more than there is.
    pair.client.patience = Duration::from_secs(1);
    for direction in Direction::BOTH {
        // With the same certificates and one sentence it is always as long.
        let length = recording.bytes(direction).len() as u64;
        let places: Vec<u64> = (0..length).step_by(37).chain(0..6).chain(length - 3..length).collect();
        let (count, plan) = (places.len(), places.clone());
        let flip = move |number| Tampering::FlipByte { at: plan[number as usize], mask: 0x20 };
        let attacker = Attacker::before(pair.echo.address, move |number| Manipulation::Tamper(direction, flip(number)));
        let noticed = places.iter().filter(|_| converse(&pair, &attacker, &SENTENCES[..1]).is_err()).count();
        assert_eq!(attacker.struck(), count as u64);
        // The version that a record's header gives means nothing.
        assert!(noticed > count * 9 / 10, "{noticed} of {count} noticed");
    }
}

#[test]
fn records_that_are_not_what_or_where_they_were_are_noticed() {
    let pair = Pair::new();
    let said = recording(&pair, &SENTENCES).records(Direction::ToServer).len() as u64;
    let strange = || RecordFault::Precede(record(23, &[7; 60]));
    for (direction, number, fault) in [
        // The first sentence, behind which come the others and the end.
        (Direction::ToServer, said - 4, RecordFault::Duplicate),
        (Direction::ToServer, said - 4, RecordFault::Drop),
        (Direction::ToServer, said - 4, RecordFault::Swap),
        (Direction::ToServer, said - 4, strange()),
        // The server's hello, and the encrypted rest of its handshake, with the compatible nothing between them
        // (RFC 8446 §D.4).
        (Direction::ToClient, 0, RecordFault::Duplicate),
        (Direction::ToClient, 0, RecordFault::Drop),
        (Direction::ToClient, 2, RecordFault::Duplicate),
        (Direction::ToClient, 2, strange()),
    ] {
        assert_noticed(&pair, &Manipulation::Tamper(direction, Tampering::Record { number, fault }));
    }
}

#[test]
fn a_cut_is_not_taken_for_an_end() {
    let pair = Pair::new();
    let length = recording(&pair, &SENTENCES).bytes(Direction::ToServer).len() as u64;
    for ending in [Ending::Close, Ending::Reset] {
        for at in [0, 5, length / 2, length - 60] {
            assert_noticed(&pair, &Manipulation::Tamper(Direction::ToServer, Tampering::Cut { at, ending }));
        }
    }
}

#[test]
fn mirrors_and_earlier_conversations_are_noticed() {
    let pair = Pair::new();
    assert_noticed(&pair, &Manipulation::Tamper(Direction::ToServer, Tampering::Reflect { at: 0 }));
    assert_noticed(&pair, &Manipulation::Replay(recording(&pair, &SENTENCES)));
}

#[test]
fn time_does_no_harm() {
    let pair = Pair::new();
    for direction in Direction::BOTH {
        for tampering in [
            Tampering::Delay { at: 1000, by: Duration::from_millis(50) },
            Tampering::Trickle { piece: 1, pause: Duration::ZERO },
        ] {
            let attacker = super::before(&pair.echo, direction, tampering);
            converse(&pair, &attacker, &SENTENCES).unwrap();
            assert!(attacker.struck() > 0);
        }
    }
}
