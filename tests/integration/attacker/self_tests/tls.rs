//! Manipulations of a TLS connection whose sides verify each other: they are detected, or do no harm.

use std::io;
use std::time::Duration;

use super::super::records::record;
use super::super::{Attacker, Direction, Manipulation, RecordFault, Recording, Tampering};
use super::{Pair, session};
use crate::faults::fault_plan::Ending;

const SENTENCES: [&[u8]; 3] = [b"Nobody else may read this.", b"Nor does it arrive twice,", b"or in another order."];

/// Sends the sentences through the attacker. Whatever arrives at either side must be unchanged.
#[track_caller]
fn exchange(pair: &Pair, attacker: &Attacker, sentences: &[&[u8]]) -> io::Result<()> {
    let before = pair.echo.sessions().len();
    let answer = pair.client.exchange(attacker.address(), sentences);
    if pair.echo.sessions().len() > before {
        let session = session(&pair.echo, before);
        assert!(sentences.concat().starts_with(&session.received), "{:?}", String::from_utf8_lossy(&session.received));
    }
    answer.map(|answer| assert_eq!(answer, sentences.concat()))
}

/// Records an undisturbed exchange.
fn record_exchange(pair: &Pair, sentences: &[&[u8]]) -> Recording {
    let attacker = Attacker::before(pair.echo.address, |_| Manipulation::Forward);
    exchange(pair, &attacker, sentences).unwrap();
    attacker.finished(0)
}

/// Asserts that the manipulation takes effect and makes the exchange fail.
#[track_caller]
fn assert_detected(pair: &Pair, manipulation: &Manipulation) {
    let manipulation_of_all = manipulation.clone();
    let attacker = Attacker::before(pair.echo.address, move |_| manipulation_of_all.clone());
    exchange(pair, &attacker, &SENTENCES).expect_err(&format!("{manipulation:?}"));
    assert_eq!(attacker.manipulations(), 1, "{manipulation:?}");
}

#[test]
fn nothing_that_is_sent_can_be_read() {
    let recording = record_exchange(&Pair::new(), &SENTENCES);
    for sentence in SENTENCES {
        assert!(!recording.contains(sentence));
    }
    // It is a TLS connection that was recorded: the ClientHello has the ALPN name in the clear.
    assert!(recording.contains(super::super::echo::PROTOCOL));
    assert!(recording.records(Direction::ToServer).len() > SENTENCES.len());
}

#[test]
fn flipped_bits_are_detected_or_do_no_harm() {
    let mut pair = Pair::new();
    let recording = record_exchange(&pair, &SENTENCES[..1]);
    // With a changed length, a side may wait for bytes that never come.
    pair.client.timeout = Duration::from_secs(1);
    for direction in Direction::BOTH {
        // With the same certificates and one sentence, every exchange has the same length.
        let length = recording.bytes(direction).len() as u64;
        let positions: Vec<u64> = (0..length).step_by(37).chain(0..6).chain(length - 3..length).collect();
        let (count, at) = (positions.len(), positions.clone());
        let flip = move |number| Tampering::FlipByte { at: at[number as usize], mask: 0x20 };
        let attacker = Attacker::before(pair.echo.address, move |number| Manipulation::Tamper(direction, flip(number)));
        let detected = positions.iter().filter(|_| exchange(&pair, &attacker, &SENTENCES[..1]).is_err()).count();
        assert_eq!(attacker.manipulations(), count as u64);
        // The version in a record header is ignored.
        assert!(detected > count * 9 / 10, "{detected} of {count} detected");
    }
}

#[test]
fn duplicated_dropped_swapped_and_inserted_records_are_detected() {
    let pair = Pair::new();
    let sent = record_exchange(&pair, &SENTENCES).records(Direction::ToServer).len() as u64;
    let forged = || RecordFault::InsertBefore(record(23, &[7; 60]));
    for (direction, number, fault) in [
        // The first sentence; the other two and the end of the stream follow it.
        (Direction::ToServer, sent - 4, RecordFault::Duplicate),
        (Direction::ToServer, sent - 4, RecordFault::Drop),
        (Direction::ToServer, sent - 4, RecordFault::SwapWithNext),
        (Direction::ToServer, sent - 4, forged()),
        // The ServerHello, and the encrypted rest of the handshake; between them is a change_cipher_spec for
        // compatibility (RFC 8446 §D.4).
        (Direction::ToClient, 0, RecordFault::Duplicate),
        (Direction::ToClient, 0, RecordFault::Drop),
        (Direction::ToClient, 2, RecordFault::Duplicate),
        (Direction::ToClient, 2, forged()),
    ] {
        assert_detected(&pair, &Manipulation::Tamper(direction, Tampering::TlsRecord { number, fault }));
    }
}

#[test]
fn an_early_close_is_not_taken_for_the_end() {
    let pair = Pair::new();
    let length = record_exchange(&pair, &SENTENCES).bytes(Direction::ToServer).len() as u64;
    for ending in [Ending::Close, Ending::Reset] {
        for at in [0, 5, length / 2, length - 60] {
            assert_detected(&pair, &Manipulation::Tamper(Direction::ToServer, Tampering::Close { at, ending }));
        }
    }
}

#[test]
fn reflection_and_replay_are_detected() {
    let pair = Pair::new();
    assert_detected(&pair, &Manipulation::Tamper(Direction::ToServer, Tampering::Reflect { at: 0 }));
    assert_detected(&pair, &Manipulation::Replay(record_exchange(&pair, &SENTENCES)));
}

#[test]
fn delays_do_no_harm() {
    let pair = Pair::new();
    for direction in Direction::BOTH {
        for tampering in [
            Tampering::Delay { at: 1000, by: Duration::from_millis(50) },
            Tampering::Trickle { bytes: 1, pause: Duration::ZERO },
        ] {
            let attacker = super::tampering_with(&pair.echo, direction, tampering);
            exchange(&pair, &attacker, &SENTENCES).unwrap();
            assert!(attacker.manipulations() > 0);
        }
    }
}
