//! What is done to TLS records, seen on records that hold no secrets.

use super::super::callers::converse;
use super::super::echo::Echo;
use super::super::records::{Records, record};
use super::super::{Direction, RecordFault, Tampering};
use super::{before, guest};

/// The type of application data (RFC 8446 §B.1).
const DATA: u8 = 23;

/// Four records, the third of which is empty.
fn records() -> [Vec<u8>; 4] {
    [&b"first"[..], b"second, which is longer", b"", &[4; 700]].map(|content| record(DATA, content))
}

/// Which records arrive, in which order.
#[track_caller]
fn assert_arrive(number: u64, fault: &RecordFault, struck: u64, expected: &[&[u8]]) {
    for direction in Direction::BOTH {
        let echo = Echo::plain();
        let attacker = before(&echo, direction, Tampering::Record { number, fault: fault.clone() });
        assert_eq!(converse(attacker.address(), &records().concat()), expected.concat(), "{direction:?} {fault:?}");
        let at_server = if direction == Direction::ToServer { expected.concat() } else { records().concat() };
        assert_eq!(guest(&echo, 0).heard, at_server);
        assert_eq!(attacker.struck(), struck);
    }
}

#[test]
fn records_are_found_in_any_pieces() {
    let all = [&*records().concat(), b"\x17\x03\x03\x00\x09half"].concat();
    for piece in [1, 2, 3, 7, 100, 10_000] {
        let mut reader = Records::default();
        let found: Vec<_> = all.chunks(piece).flat_map(|piece| reader.take(piece)).collect();
        assert_eq!(found, records());
        assert_eq!(reader.rest(), b"\x17\x03\x03\x00\x09half");
    }
}

#[test]
fn a_record_can_be_duplicated_dropped_moved_and_added() {
    let [a, b, c, d] = &records();
    assert_arrive(1, &RecordFault::Duplicate, 1, &[a, b, b, c, d]);
    assert_arrive(0, &RecordFault::Drop, 1, &[b, c, d]);
    assert_arrive(3, &RecordFault::Drop, 1, &[a, b, c]);
    assert_arrive(1, &RecordFault::Swap, 1, &[a, c, b, d]);
    assert_arrive(2, &RecordFault::Precede(a.clone()), 1, &[a, b, a, c, d]);
}

#[test]
fn a_record_that_does_not_come_is_not_struck() {
    let [a, b, c, d] = &records();
    assert_arrive(3, &RecordFault::Swap, 0, &[a, b, c, d]);
    assert_arrive(4, &RecordFault::Duplicate, 0, &[a, b, c, d]);
}
