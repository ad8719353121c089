//! Manipulations of bytes, observed on connections without TLS.

use std::io::{ErrorKind, Read};
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use super::super::clients::{exchange, plain_client};
use super::super::echo::EchoServer;
use super::super::{Attacker, Direction, Manipulation, Recording, Tampering};
use super::{session, tampering_with};
use crate::faults::fault_plan::Ending;
use crate::sandbox::wait_until;

const CONTENT: &[u8] = b"twenty bytes to keep";

/// Asserts what the server receives of the content, and what the client receives of the echo.
#[track_caller]
fn assert_arrives(direction: Direction, tampering: Tampering, to_server: &[u8], to_client: &[u8]) {
    let echo = EchoServer::plain();
    let attacker = tampering_with(&echo, direction, tampering);
    assert_eq!(exchange(attacker.address(), CONTENT), to_client);
    assert_eq!(session(&echo, 0).received, to_server);
    assert_eq!((attacker.manipulations(), attacker.connections()), (1, 1));
    // The recording has what was sent, not what arrived.
    let [recording] = &attacker.recordings()[..] else { panic!("another connection") };
    assert_eq!(recording.bytes(Direction::ToServer), CONTENT);
}

#[test]
fn what_passes_is_recorded_and_unchanged() {
    let echo = EchoServer::plain();
    let attacker = Attacker::before(echo.address, |_| Manipulation::Forward);
    let long: Vec<u8> = (0..1_000_000_u32).map(|number| ((number * number) >> 3) as u8).collect();
    thread::scope(|scope| {
        for content in [CONTENT, &long] {
            let address = attacker.address();
            scope.spawn(move || assert!(exchange(address, content) == content));
        }
    });
    assert_eq!((attacker.connections(), attacker.manipulations()), (2, 0));
    let recorded = |content: &[u8]| {
        let all =
            |recording: &Recording| Direction::BOTH.iter().all(|direction| recording.bytes(*direction) == content);
        attacker.recordings().iter().any(all)
    };
    assert!(recorded(CONTENT) && recorded(&long));
}

#[test]
fn reads_are_recorded_in_order() {
    let echo = EchoServer::plain();
    let attacker = Attacker::before(echo.address, |_| Manipulation::Forward);
    exchange(attacker.address(), CONTENT);
    let [recording] = &attacker.recordings()[..] else { panic!("another connection") };
    let directions: Vec<Direction> = recording.reads().iter().map(|(direction, _)| *direction).collect();
    assert_eq!(directions, Direction::BOTH);
    assert!(recording.contains(b"bytes to") && !recording.contains(b"bytes two"));
}

#[test]
fn each_byte_can_be_flipped() {
    let echo = EchoServer::plain();
    for direction in Direction::BOTH {
        let flip = move |at| Manipulation::Tamper(direction, Tampering::FlipByte { at, mask: 0x81 });
        let attacker = Attacker::before(echo.address, flip);
        for at in 0..CONTENT.len() {
            let mut flipped = CONTENT.to_vec();
            flipped[at] ^= 0x81;
            assert_eq!(exchange(attacker.address(), CONTENT), flipped, "{direction:?} {at}");
        }
        assert_eq!(attacker.manipulations(), CONTENT.len() as u64);
        exchange(attacker.address(), CONTENT);
        assert_eq!(attacker.manipulations(), CONTENT.len() as u64, "after the last byte");
    }
}

#[test]
fn bytes_can_be_inserted_anywhere() {
    for (at, expected) in
        [(0, "and twenty bytes to keep"), (7, "twenty and bytes to keep"), (20, "twenty bytes to keepand ")]
    {
        let insert = Tampering::Insert { at, bytes: b"and ".into() };
        assert_arrives(Direction::ToServer, insert.clone(), expected.as_bytes(), expected.as_bytes());
        assert_arrives(Direction::ToClient, insert, CONTENT, expected.as_bytes());
    }
}

#[test]
fn a_connection_can_be_closed_at_each_byte() {
    for ending in [Ending::Close, Ending::Reset] {
        for at in 0..=CONTENT.len() {
            let echo = EchoServer::plain();
            let attacker = tampering_with(&echo, Direction::ToServer, Tampering::Close { at: at as u64, ending });
            let mut answer = Vec::new();
            let end = plain_client(attacker.address(), CONTENT)
                .read_to_end(&mut answer)
                .map(|_| ())
                .map_err(|error| error.kind());
            let expected = if ending == Ending::Close { Ok(()) } else { Err(ErrorKind::ConnectionReset) };
            assert_eq!(end, expected, "at {at}");
            let session = session(&echo, 0);
            assert_eq!((&*session.received, attacker.manipulations()), (&CONTENT[..at], 1));
            assert!(CONTENT[..at].starts_with(&answer));
            assert!(ending == Ending::Close || session.end.is_some_and(|end| end.is_err()));
        }
    }
}

#[test]
fn a_stall_holds_back_the_rest_and_the_end() {
    let echo = EchoServer::plain();
    let attacker = tampering_with(&echo, Direction::ToServer, Tampering::Stall { at: 6 });
    let mut client = plain_client(attacker.address(), CONTENT);
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = [0; 6];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(answer, CONTENT[..6]);
    client.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert_eq!(client.read(&mut answer).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!((echo.sessions()[0].end.clone(), attacker.manipulations()), (None, 1));
    drop(attacker);
    assert_eq!(client.read(&mut answer).unwrap(), 0);
    assert_eq!(session(&echo, 0).received, CONTENT[..6]);
}

#[test]
fn a_delay_holds_back_once() {
    let by = Duration::from_millis(300);
    for direction in Direction::BOTH {
        let begin = Instant::now();
        assert_arrives(direction, Tampering::Delay { at: 6, by }, CONTENT, CONTENT);
        assert!(begin.elapsed() >= by);
    }
}

#[test]
fn a_trickle_arrives_in_several_reads() {
    let echo = EchoServer::plain();
    let attacker =
        tampering_with(&echo, Direction::ToServer, Tampering::Trickle { bytes: 1, pause: Duration::from_millis(5) });
    assert_eq!(exchange(attacker.address(), CONTENT), CONTENT);
    let session = session(&echo, 0);
    assert_eq!((&*session.received, attacker.manipulations()), (CONTENT, 1));
    assert!(session.reads > 1, "{} reads", session.reads);
}

#[test]
fn reflected_bytes_return_to_their_sender() {
    assert_arrives(Direction::ToServer, Tampering::Reflect { at: 0 }, b"", CONTENT);
}

#[test]
fn reflection_may_start_later() {
    let echo = EchoServer::plain();
    let attacker = tampering_with(&echo, Direction::ToServer, Tampering::Reflect { at: 7 });
    let answer = exchange(attacker.address(), CONTENT);
    assert_eq!(session(&echo, 0).received, b"twenty ");
    // Both reach the client, in either order.
    let both = [&b"twenty bytes to keep"[..], b"bytes to keeptwenty "];
    assert!(both.contains(&&*answer), "{answer:?}");
    // The server receives its own echo, and echoes it again.
    let attacker =
        Attacker::before(echo.address, |_| Manipulation::Tamper(Direction::ToClient, Tampering::Reflect { at: 0 }));
    let _client = plain_client(attacker.address(), b"round");
    wait_until("the echo of an echo", || {
        echo.sessions().get(1).is_some_and(|session| session.received.starts_with(b"roundround"))
    });
}
