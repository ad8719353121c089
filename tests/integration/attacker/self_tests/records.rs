//! Manipulations of TLS records, observed on unencrypted records.

use super::super::clients::exchange;
use super::super::echo::EchoServer;
use super::super::records::{RecordParser, record};
use super::super::{Direction, RecordFault, Tampering};
use super::{session, tampering_with};

/// Record type of application data (RFC 8446 §B.1).
const DATA: u8 = 23;

/// Four records, the third of which is empty.
fn records() -> [Vec<u8>; 4] {
    [&b"first"[..], b"second, which is longer", b"", &[4; 700]].map(|content| record(DATA, content))
}

/// Asserts which records arrive, and in which order.
#[track_caller]
fn assert_arrives(number: u64, fault: &RecordFault, manipulations: u64, expected: &[&[u8]]) {
    for direction in Direction::BOTH {
        let echo = EchoServer::plain();
        let attacker = tampering_with(&echo, direction, Tampering::TlsRecord { number, fault: fault.clone() });
        assert_eq!(exchange(attacker.address(), &records().concat()), expected.concat(), "{direction:?} {fault:?}");
        let at_server = if direction == Direction::ToServer { expected.concat() } else { records().concat() };
        assert_eq!(session(&echo, 0).received, at_server);
        assert_eq!(attacker.manipulations(), manipulations);
    }
}

#[test]
fn records_are_found_however_the_bytes_are_split() {
    let all = [&*records().concat(), b"\x17\x03\x03\x00\x09half"].concat();
    for length in [1, 2, 3, 7, 100, 10_000] {
        let mut parser = RecordParser::default();
        let found: Vec<_> = all.chunks(length).flat_map(|bytes| parser.push(bytes)).collect();
        assert_eq!(found, records());
        assert_eq!(parser.take_rest(), b"\x17\x03\x03\x00\x09half");
    }
}

#[test]
fn a_record_can_be_duplicated_dropped_swapped_and_inserted() {
    let [a, b, c, d] = &records();
    assert_arrives(1, &RecordFault::Duplicate, 1, &[a, b, b, c, d]);
    assert_arrives(0, &RecordFault::Drop, 1, &[b, c, d]);
    assert_arrives(3, &RecordFault::Drop, 1, &[a, b, c]);
    assert_arrives(1, &RecordFault::SwapWithNext, 1, &[a, c, b, d]);
    assert_arrives(2, &RecordFault::InsertBefore(a.clone()), 1, &[a, b, a, c, d]);
}

#[test]
fn a_record_that_does_not_come_counts_as_no_manipulation() {
    let [a, b, c, d] = &records();
    assert_arrives(3, &RecordFault::SwapWithNext, 0, &[a, b, c, d]);
    assert_arrives(4, &RecordFault::Duplicate, 0, &[a, b, c, d]);
}
