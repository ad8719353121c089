//! Links over in-memory pipes, with a paused clock where timeouts are tested.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::dialer::{Dialer, PeerTrust};
use super::error::WireError;
use super::link::Link;
use super::tls::{HandshakeFailure, LinkIdentity, Protocol, Timeouts, accept_over, connect_over, tls_acceptor};
use super::verifier::ExpectedKey;
use crate::crypto::IdentityKey;

const PROTOCOL: Protocol = Protocol("hestat-test/1");

/// Capacity of a pipe in bytes.
const PIPE_BYTES: usize = 64 << 10;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Number(u32);

fn identity() -> LinkIdentity {
    LinkIdentity::new(&IdentityKey::generate().unwrap()).unwrap()
}

/// Does a handshake through a pipe and returns both sides' outcomes. The connecting side expects the key `expected`.
async fn handshake(
    listening: &LinkIdentity,
    connecting: &LinkIdentity,
    expected: ExpectedKey,
    protocol: Protocol,
) -> (Result<Link, WireError>, Result<Link, HandshakeFailure>) {
    let (here, there) = duplex(PIPE_BYTES);
    let (acceptor, timeouts) = (tls_acceptor(listening, PROTOCOL).unwrap(), Timeouts::default());
    tokio::join!(
        accept_over(&acceptor, here, "the client", timeouts),
        connect_over(connecting, protocol, expected, there, "the server", timeouts),
    )
}

async fn linked_pair() -> (Link, Link) {
    let (listening, connecting) = (identity(), identity());
    let expected = ExpectedKey::Exactly(listening.fingerprint());
    let (accepted, connected) = handshake(&listening, &connecting, expected, PROTOCOL).await;
    (accepted.unwrap(), connected.unwrap())
}

#[tokio::test]
async fn both_sides_learn_each_other_s_keys() {
    let (listening, connecting) = (identity(), identity());
    let expected = ExpectedKey::Exactly(listening.fingerprint());
    let (accepted, connected) = handshake(&listening, &connecting, expected, PROTOCOL).await;
    assert_eq!(accepted.unwrap().fingerprint(), connecting.fingerprint());
    assert_eq!(connected.unwrap().fingerprint(), listening.fingerprint());
}

#[tokio::test]
async fn an_unexpected_key_is_reported_and_rejected() {
    let (listening, connecting) = (identity(), identity());
    for expected in [ExpectedKey::Unknown, ExpectedKey::Exactly(connecting.fingerprint())] {
        let (accepted, connected) = handshake(&listening, &connecting, expected, PROTOCOL).await;
        assert!(
            matches!(connected.err(), Some(HandshakeFailure::UnexpectedKey(found)) if found == listening.fingerprint())
        );
        assert!(matches!(accepted.err(), Some(WireError::Tls { .. })));
    }
}

#[tokio::test]
async fn different_protocols_get_no_link() {
    let (listening, connecting) = (identity(), identity());
    let expected = ExpectedKey::Exactly(listening.fingerprint());
    let (accepted, connected) = handshake(&listening, &connecting, expected, Protocol("hestat-test/2")).await;
    assert!(matches!(connected.err(), Some(HandshakeFailure::Other(WireError::Tls { .. }))));
    assert!(matches!(accepted.err(), Some(WireError::Tls { .. })));
}

#[tokio::test]
async fn frames_arrive_as_sent_in_both_directions_at_once() {
    let (mut here, mut there) = linked_pair().await;
    let body = vec![7; 128 << 10];
    // Far more than the pipe holds.
    let flood = async |sender: &mut super::Sender| {
        for number in 0..20 {
            sender.send(&Number(number), &body).await.unwrap();
        }
    };
    let drain = async |receiver: &mut super::Receiver| {
        for number in 0..20 {
            let (head, bytes) = receiver.receive::<Number>().await.unwrap();
            assert_eq!((head, bytes.as_ref()), (Number(number), body.as_slice()));
        }
    };
    tokio::join!(
        flood(&mut here.sender),
        flood(&mut there.sender),
        drain(&mut here.receiver),
        drain(&mut there.receiver)
    );
}

#[tokio::test(start_paused = true)]
async fn an_idle_peer_times_out() {
    let (mut here, _there) = linked_pair().await;
    let begun = Instant::now();
    let error = here.receiver.receive::<Number>().await.unwrap_err();
    assert!(matches!(error, WireError::Timeout { seconds: 30, .. }), "{error}");
    assert_eq!(begun.elapsed().as_secs(), 30);
    // The peer does not read, so the pipe and the buffers fill up.
    let begun = Instant::now();
    let body = vec![7; 128 << 10];
    let error = loop {
        if let Err(error) = here.sender.send(&Number(1), &body).await {
            break error;
        }
    };
    assert!(matches!(error, WireError::Timeout { seconds: 30, .. }), "{error}");
    assert_eq!(begun.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_never_starts_times_out() {
    let (here, _there) = duplex(PIPE_BYTES);
    let acceptor = tls_acceptor(&identity(), PROTOCOL).unwrap();
    let outcome = accept_over(&acceptor, here, "an unknown client", Timeouts::default()).await;
    assert!(matches!(outcome.err(), Some(WireError::Timeout { seconds: 10, .. })));
}

#[tokio::test]
async fn the_end_of_a_link_is_not_taken_for_a_frame() {
    let (mut here, mut there) = linked_pair().await;
    there.sender.send(&Number(1), b"").await.unwrap();
    there.sender.close().await.unwrap();
    assert_eq!(here.receiver.receive::<Number>().await.unwrap().0, Number(1));
    assert!(matches!(here.receiver.receive::<Number>().await, Err(WireError::ConnectionLost { .. })));
    let (mut here, there) = linked_pair().await;
    drop(there);
    assert!(matches!(here.receiver.receive::<Number>().await, Err(WireError::ConnectionLost { .. })));
}

#[tokio::test]
async fn a_head_of_another_type_violates_the_protocol() {
    let (mut here, mut there) = linked_pair().await;
    there.sender.send(&"not a number", b"").await.unwrap();
    assert!(matches!(here.receiver.receive::<Number>().await, Err(WireError::ProtocolViolation { .. })));
    assert!(matches!(there.sender.send(&Number(1), &vec![0; 1 << 20]).await, Err(WireError::ProtocolViolation { .. })));
}

/// Copies one direction and flips a bit of byte number `at`. Returns how many bytes there were.
async fn copy(mut from: impl AsyncReadExt + Unpin, mut to: impl AsyncWriteExt + Unpin, at: Option<usize>) -> usize {
    let (mut count, mut buffer) = (0, vec![0; 4096]);
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if let Some(byte) = at.and_then(|at| at.checked_sub(count)).and_then(|at| buffer[..length].get_mut(at)) {
            *byte ^= 1;
        }
        count += length;
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
    count
}

/// Exchanges a frame in each direction, with one byte flipped in transit. Returns what each side received, and how many
/// bytes each direction had.
async fn conversation(
    [listening, connecting]: [&LinkIdentity; 2],
    flipped: Option<(bool, usize)>,
) -> ([Option<Number>; 2], [usize; 2]) {
    let (here, left) = duplex(PIPE_BYTES);
    let (there, right) = duplex(PIPE_BYTES);
    let at = |direction| flipped.filter(|(to, _)| *to == direction).map(|(_, at)| at);
    let relay = tokio::spawn(relay(left, right, at(true), at(false)));
    let acceptor = tls_acceptor(listening, PROTOCOL).unwrap();
    let timeouts = Timeouts { handshake: Duration::from_secs(5), idle: Duration::from_secs(5) };
    let server = async {
        let mut link = accept_over(&acceptor, here, "the client", timeouts).await.ok()?;
        link.sender.send(&Number(1), b"body").await.ok()?;
        let received = link.receiver.receive().await.ok()?.0;
        let _ = link.sender.close().await;
        Some(received)
    };
    let client = async {
        let expected = ExpectedKey::Exactly(listening.fingerprint());
        let mut link = connect_over(connecting, PROTOCOL, expected, there, "the server", timeouts).await.ok()?;
        let received = link.receiver.receive().await.ok()?.0;
        link.sender.send(&Number(2), b"body").await.ok()?;
        let _ = link.sender.close().await;
        Some(received)
    };
    let (server, client) = tokio::join!(server, client);
    ([server, client], relay.await.unwrap())
}

async fn relay(left: DuplexStream, right: DuplexStream, to_left: Option<usize>, to_right: Option<usize>) -> [usize; 2] {
    let (from_left, into_left) = tokio::io::split(left);
    let (from_right, into_right) = tokio::io::split(right);
    <[usize; 2]>::from(tokio::join!(copy(from_right, into_left, to_left), copy(from_left, into_right, to_right)))
}

/// Flips every byte of a conversation: a change is detected, or makes no difference.
#[tokio::test(flavor = "multi_thread")]
async fn no_flipped_byte_goes_undetected() {
    let identities = Arc::new([identity(), identity()]);
    let expected = [Some(Number(2)), Some(Number(1))];
    let (received, lengths) = conversation(identities.each_ref(), None).await;
    assert_eq!(received, expected);
    let directions = [(true, lengths[0]), (false, lengths[1])];
    let mut harmless = 0;
    for (direction, length) in directions {
        for begin in (0..length).step_by(64) {
            let rounds = (begin..length.min(begin + 64)).map(|at| {
                let identities = Arc::clone(&identities);
                tokio::spawn(async move { conversation(identities.each_ref(), Some((direction, at))).await.0 })
            });
            for (at, round) in rounds.collect::<Vec<_>>().into_iter().enumerate() {
                let received = round.await.unwrap();
                harmless += usize::from(received == expected);
                let none_is_wrong = received
                    .iter()
                    .zip(&expected)
                    .all(|(received, expected)| received.is_none() || received == expected);
                assert!(none_is_wrong, "byte {} {direction}: {received:?}", begin + at);
            }
        }
    }
    // The conversation is about 6,000 bytes long. Only the version in the first record headers (RFC 8446 §5.1: ignored
    // for all purposes) and the close_notify alerts may be changed unnoticed.
    assert!(lengths.iter().sum::<usize>() > 3000 && harmless < 100, "{lengths:?} {harmless}");
}

#[tokio::test]
async fn a_peer_that_never_replies_times_out_at_the_deadline() {
    let (listening, connecting) = (identity(), identity());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().into();
    let trust = PeerTrust::Pinned(listening.fingerprint());
    let dialer = Dialer { identity: connecting, protocol: PROTOCOL, trust, timeouts: Timeouts::default() };
    let silent = async {
        let (socket, _) = listener.accept().await.unwrap();
        let acceptor = tls_acceptor(&listening, PROTOCOL).unwrap();
        let _link = accept_over(&acceptor, socket, "the client", Timeouts::default()).await.unwrap();
        std::future::pending::<()>().await;
    };
    let (begun, stop) = (Instant::now(), CancellationToken::new());
    let connecting = dialer.connect_with_retry(&address, Some(begun + Duration::from_secs(1)), &stop, |_| {});
    let error = tokio::select! {
        link = connecting => link.err().unwrap(),
        () = silent => unreachable!(),
    };
    assert!(matches!(error, WireError::Timeout { .. }), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
}
