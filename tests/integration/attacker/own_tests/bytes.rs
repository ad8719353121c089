//! What is done to bytes, seen in the clear.

use std::io::{ErrorKind, Read};
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use super::super::callers::{converse, visitor};
use super::super::echo::Echo;
use super::super::{Attacker, Direction, Manipulation, Recording, Tampering};
use super::{before, guest};
use crate::faults::weather::Ending;
use crate::house::wait_until;

const WORDS: &[u8] = b"twenty bytes to keep";

/// What the server hears of the words and what the client hears of their echo.
#[track_caller]
fn assert_arrives(direction: Direction, tampering: Tampering, to_server: &[u8], to_client: &[u8]) {
    let echo = Echo::plain();
    let attacker = before(&echo, direction, tampering);
    assert_eq!(converse(attacker.address(), WORDS), to_client);
    assert_eq!(guest(&echo, 0).heard, to_server);
    assert_eq!((attacker.struck(), attacker.connections()), (1, 1));
    // Of what was said, not of what arrived.
    let [recording] = &attacker.recordings()[..] else { panic!("another connection") };
    assert_eq!(recording.bytes(Direction::ToServer), WORDS);
}

#[test]
fn what_passes_is_recorded_and_not_touched() {
    let echo = Echo::plain();
    let attacker = Attacker::before(echo.address, |_| Manipulation::Pass);
    let long: Vec<u8> = (0..1_000_000_u32).map(|number| ((number * number) >> 3) as u8).collect();
    thread::scope(|scope| {
        for words in [WORDS, &long] {
            let address = attacker.address();
            scope.spawn(move || assert!(converse(address, words) == words));
        }
    });
    assert_eq!((attacker.connections(), attacker.struck()), (2, 0));
    let recorded = |words: &[u8]| {
        let all = |recording: &Recording| Direction::BOTH.iter().all(|way| recording.bytes(*way) == words);
        attacker.recordings().iter().any(all)
    };
    assert!(recorded(WORDS) && recorded(&long));
}

#[test]
fn what_was_said_first_is_recorded_first() {
    let echo = Echo::plain();
    let attacker = Attacker::before(echo.address, |_| Manipulation::Pass);
    converse(attacker.address(), WORDS);
    let [recording] = &attacker.recordings()[..] else { panic!("another connection") };
    let directions: Vec<Direction> = recording.pieces().iter().map(|(direction, _)| *direction).collect();
    assert_eq!(directions, Direction::BOTH);
    assert!(recording.holds(b"bytes to") && !recording.holds(b"bytes two"));
}

#[test]
fn each_byte_can_be_flipped() {
    let echo = Echo::plain();
    for direction in Direction::BOTH {
        let flip = move |at| Manipulation::Tamper(direction, Tampering::FlipByte { at, mask: 0x81 });
        let attacker = Attacker::before(echo.address, flip);
        for at in 0..WORDS.len() {
            let mut flipped = WORDS.to_vec();
            flipped[at] ^= 0x81;
            assert_eq!(converse(attacker.address(), WORDS), flipped, "{direction:?} {at}");
        }
        assert_eq!(attacker.struck(), WORDS.len() as u64);
        converse(attacker.address(), WORDS);
        assert_eq!(attacker.struck(), WORDS.len() as u64, "behind the last byte");
    }
}

#[test]
fn bytes_can_be_inserted_anywhere() {
    for (at, expected) in
        [(0, "and twenty bytes to keep"), (7, "twenty and bytes to keep"), (20, "twenty bytes to keepand ")]
    {
        let insert = Tampering::Insert { at, bytes: b"and ".into() };
        assert_arrives(Direction::ToServer, insert.clone(), expected.as_bytes(), expected.as_bytes());
        assert_arrives(Direction::ToClient, insert, WORDS, expected.as_bytes());
    }
}

#[test]
fn a_connection_can_be_cut_at_each_byte() {
    for ending in [Ending::Close, Ending::Reset] {
        for at in 0..=WORDS.len() {
            let echo = Echo::plain();
            let attacker = before(&echo, Direction::ToServer, Tampering::Cut { at: at as u64, ending });
            let mut answer = Vec::new();
            let end =
                visitor(attacker.address(), WORDS).read_to_end(&mut answer).map(|_| ()).map_err(|error| error.kind());
            let expected = if ending == Ending::Close { Ok(()) } else { Err(ErrorKind::ConnectionReset) };
            assert_eq!(end, expected, "at {at}");
            let guest = guest(&echo, 0);
            assert_eq!((&*guest.heard, attacker.struck()), (&WORDS[..at], 1));
            assert!(WORDS[..at].starts_with(&answer));
            assert!(ending == Ending::Close || guest.end.is_some_and(|end| end.is_err()));
        }
    }
}

#[test]
fn a_stall_holds_back_the_rest_and_the_end() {
    let echo = Echo::plain();
    let attacker = before(&echo, Direction::ToServer, Tampering::Stall { at: 6 });
    let mut client = visitor(attacker.address(), WORDS);
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = [0; 6];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(answer, WORDS[..6]);
    client.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert_eq!(client.read(&mut answer).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!((echo.guests()[0].end.clone(), attacker.struck()), (None, 1));
    drop(attacker);
    assert_eq!(client.read(&mut answer).unwrap(), 0);
    assert_eq!(guest(&echo, 0).heard, WORDS[..6]);
}

#[test]
fn a_delay_holds_back_once() {
    let by = Duration::from_millis(300);
    for direction in Direction::BOTH {
        let begin = Instant::now();
        assert_arrives(direction, Tampering::Delay { at: 6, by }, WORDS, WORDS);
        assert!(begin.elapsed() >= by);
    }
}

#[test]
fn a_trickle_is_read_piece_by_piece() {
    let echo = Echo::plain();
    let attacker = before(&echo, Direction::ToServer, Tampering::Trickle { piece: 1, pause: Duration::from_millis(5) });
    assert_eq!(converse(attacker.address(), WORDS), WORDS);
    let guest = guest(&echo, 0);
    assert_eq!((&*guest.heard, attacker.struck()), (WORDS, 1));
    assert!(guest.reads > 1, "{} reads", guest.reads);
}

#[test]
fn a_mirror_gives_back_what_it_is_told() {
    assert_arrives(Direction::ToServer, Tampering::Reflect { at: 0 }, b"", WORDS);
}

#[test]
fn a_mirror_may_be_turned_later() {
    let echo = Echo::plain();
    let attacker = before(&echo, Direction::ToServer, Tampering::Reflect { at: 7 });
    let answer = converse(attacker.address(), WORDS);
    assert_eq!(guest(&echo, 0).heard, b"twenty ");
    // Both reach the client, in whichever order.
    let both = [&b"twenty bytes to keep"[..], b"bytes to keeptwenty "];
    assert!(both.contains(&&*answer), "{answer:?}");
    // What the server says comes back to it, and it repeats that.
    let attacker =
        Attacker::before(echo.address, |_| Manipulation::Tamper(Direction::ToClient, Tampering::Reflect { at: 0 }));
    let _waiting = visitor(attacker.address(), b"round");
    wait_until("the echo of an echo", || {
        echo.guests().get(1).is_some_and(|guest| guest.heard.starts_with(b"roundround"))
    });
}
