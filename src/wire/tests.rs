//! Links over pipes in memory, with a clock that tests turn.

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
use super::tls::{HandshakeFailure, LinkIdentity, Protocol, Timeouts, accept_over, acceptor, connect_over};
use super::verifier::ExpectedKey;
use crate::crypto::IdentityKey;

const SPOKEN: Protocol = Protocol("hestat-test/1");

/// Bytes that fit into a pipe.
const PIPE: usize = 64 << 10;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Say(u32);

fn identity() -> LinkIdentity {
    LinkIdentity::new(&IdentityKey::generate().unwrap()).unwrap()
}

/// What both ends make of a handshake through a pipe; `expected` is what the connecting side expects of the listening one.
async fn handshake(
    listening: &LinkIdentity,
    connecting: &LinkIdentity,
    expected: ExpectedKey,
    spoken: Protocol,
) -> (Result<Link, WireError>, Result<Link, HandshakeFailure>) {
    let (here, there) = duplex(PIPE);
    let (acceptor, patience) = (acceptor(listening, SPOKEN).unwrap(), Timeouts::default());
    tokio::join!(
        accept_over(&acceptor, here, "the client", patience),
        connect_over(connecting, spoken, expected, there, "the server", patience),
    )
}

async fn links() -> (Link, Link) {
    let (listening, connecting) = (identity(), identity());
    let expected = ExpectedKey::Exactly(listening.fingerprint());
    let (accepted, connected) = handshake(&listening, &connecting, expected, SPOKEN).await;
    (accepted.unwrap(), connected.unwrap())
}

#[tokio::test]
async fn both_ends_know_each_other_s_keys() {
    let (listening, connecting) = (identity(), identity());
    let expected = ExpectedKey::Exactly(listening.fingerprint());
    let (accepted, connected) = handshake(&listening, &connecting, expected, SPOKEN).await;
    assert_eq!(accepted.unwrap().fingerprint(), connecting.fingerprint());
    assert_eq!(connected.unwrap().fingerprint(), listening.fingerprint());
}

#[tokio::test]
async fn another_key_than_the_expected_one_is_told_and_refused() {
    let (listening, connecting) = (identity(), identity());
    for expected in [ExpectedKey::Nothing, ExpectedKey::Exactly(connecting.fingerprint())] {
        let (accepted, connected) = handshake(&listening, &connecting, expected, SPOKEN).await;
        assert!(matches!(connected.err(), Some(HandshakeFailure::Refused(found)) if found == listening.fingerprint()));
        assert!(matches!(accepted.err(), Some(WireError::Tls { .. })));
    }
}

#[tokio::test]
async fn who_speaks_something_else_gets_no_link() {
    let (listening, connecting) = (identity(), identity());
    let expected = ExpectedKey::Exactly(listening.fingerprint());
    let (accepted, connected) = handshake(&listening, &connecting, expected, Protocol("hestat-test/2")).await;
    assert!(matches!(connected.err(), Some(HandshakeFailure::Other(WireError::Tls { .. }))));
    assert!(matches!(accepted.err(), Some(WireError::Tls { .. })));
}

#[tokio::test]
async fn frames_come_as_they_were_sent_in_both_directions_at_once() {
    let (mut here, mut there) = links().await;
    let body = vec![7; 128 << 10];
    // Far more than fits into the pipe.
    let flood = async |sender: &mut super::Sender| {
        for number in 0..20 {
            sender.send(&Say(number), &body).await.unwrap();
        }
    };
    let drain = async |receiver: &mut super::Receiver| {
        for number in 0..20 {
            let (head, bytes) = receiver.receive::<Say>().await.unwrap();
            assert_eq!((head, bytes.as_ref()), (Say(number), body.as_slice()));
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
async fn silence_ends_a_wait_at_its_deadline() {
    let (mut here, _there) = links().await;
    let begun = Instant::now();
    let error = here.receiver.receive::<Say>().await.unwrap_err();
    assert!(matches!(error, WireError::Timeout { seconds: 30, .. }), "{error}");
    assert_eq!(begun.elapsed().as_secs(), 30);
    // Nobody reads at the other end: pipe and buffers are full some time.
    let begun = Instant::now();
    let body = vec![7; 128 << 10];
    let error = loop {
        if let Err(error) = here.sender.send(&Say(1), &body).await {
            break error;
        }
    };
    assert!(matches!(error, WireError::Timeout { seconds: 30, .. }), "{error}");
    assert_eq!(begun.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_never_begins_ends() {
    let (here, _there) = duplex(PIPE);
    let acceptor = acceptor(&identity(), SPOKEN).unwrap();
    let outcome = accept_over(&acceptor, here, "a stranger", Timeouts::default()).await;
    assert!(matches!(outcome.err(), Some(WireError::Timeout { seconds: 10, .. })));
}

#[tokio::test]
async fn an_end_is_not_taken_for_a_frame() {
    let (mut here, mut there) = links().await;
    there.sender.send(&Say(1), b"").await.unwrap();
    there.sender.close().await.unwrap();
    assert_eq!(here.receiver.receive::<Say>().await.unwrap().0, Say(1));
    assert!(matches!(here.receiver.receive::<Say>().await, Err(WireError::ConnectionLost { .. })));
    let (mut here, there) = links().await;
    drop(there);
    assert!(matches!(here.receiver.receive::<Say>().await, Err(WireError::ConnectionLost { .. })));
}

#[tokio::test]
async fn a_head_of_another_kind_is_malformed() {
    let (mut here, mut there) = links().await;
    there.sender.send(&"text that is no number", b"").await.unwrap();
    assert!(matches!(here.receiver.receive::<Say>().await, Err(WireError::ProtocolViolation { .. })));
    assert!(matches!(there.sender.send(&Say(1), &vec![0; 1 << 20]).await, Err(WireError::ProtocolViolation { .. })));
}

/// Copies from one pipe to the other, with byte number `at` flipped; returns how many there were.
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
    drop(to.shutdown().await);
    count
}

/// One whole conversation, a frame each way, with one byte of it flipped on its way: what arrived at each end, and how many
/// bytes each direction had.
async fn conversation(
    [listening, connecting]: [&LinkIdentity; 2],
    flipped: Option<(bool, usize)>,
) -> ([Option<Say>; 2], [usize; 2]) {
    let (here, left) = duplex(PIPE);
    let (there, right) = duplex(PIPE);
    let at = |direction| flipped.filter(|(to, _)| *to == direction).map(|(_, at)| at);
    let middle = tokio::spawn(between(left, right, at(true), at(false)));
    let acceptor = acceptor(listening, SPOKEN).unwrap();
    let patience = Timeouts { handshake: Duration::from_secs(5), silence: Duration::from_secs(5) };
    let server = async {
        let mut link = accept_over(&acceptor, here, "the client", patience).await.ok()?;
        link.sender.send(&Say(1), b"body").await.ok()?;
        let said = link.receiver.receive().await.ok()?.0;
        drop(link.sender.close().await);
        Some(said)
    };
    let client = async {
        let expected = ExpectedKey::Exactly(listening.fingerprint());
        let mut link = connect_over(connecting, SPOKEN, expected, there, "the server", patience).await.ok()?;
        let said = link.receiver.receive().await.ok()?.0;
        link.sender.send(&Say(2), b"body").await.ok()?;
        drop(link.sender.close().await);
        Some(said)
    };
    let (server, client) = tokio::join!(server, client);
    ([server, client], middle.await.unwrap())
}

async fn between(
    left: DuplexStream,
    right: DuplexStream,
    to_left: Option<usize>,
    to_right: Option<usize>,
) -> [usize; 2] {
    let (from_left, into_left) = tokio::io::split(left);
    let (from_right, into_right) = tokio::io::split(right);
    <[usize; 2]>::from(tokio::join!(copy(from_right, into_left, to_left), copy(from_left, into_right, to_right)))
}

/// Every byte of the whole conversation: what is altered is noticed, or made no difference.
#[tokio::test(flavor = "multi_thread")]
async fn no_flipped_byte_is_taken_for_something_else() {
    let identities = Arc::new([identity(), identity()]);
    let right = [Some(Say(2)), Some(Say(1))];
    let (said, lengths) = conversation(identities.each_ref(), None).await;
    assert_eq!(said, right);
    let places = [(true, lengths[0]), (false, lengths[1])];
    let mut harmless = 0;
    for (direction, length) in places {
        for begin in (0..length).step_by(64) {
            let rounds = (begin..length.min(begin + 64)).map(|at| {
                let identities = Arc::clone(&identities);
                tokio::spawn(async move { conversation(identities.each_ref(), Some((direction, at))).await.0 })
            });
            for (at, round) in rounds.collect::<Vec<_>>().into_iter().enumerate() {
                let said = round.await.unwrap();
                harmless += usize::from(said == right);
                let none_is_wrong = said.iter().zip(&right).all(|(said, right)| said.is_none() || said == right);
                assert!(none_is_wrong, "byte {} {direction}: {said:?}", begin + at);
            }
        }
    }
    // The conversation is about 6,000 bytes long. What is harmless is the version in the first records' headers (RFC 8446
    // §5.1: ignored for all purposes), and farewells.
    assert!(lengths.iter().sum::<usize>() > 3000 && harmless < 100, "{lengths:?} {harmless}");
}

#[tokio::test]
async fn a_peer_that_never_greets_is_waited_for_until_the_deadline() {
    let (listening, connecting) = (identity(), identity());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().into();
    let trust = PeerTrust::Pinned(listening.fingerprint());
    let dialer = Dialer { identity: connecting, protocol: SPOKEN, trust, patience: Timeouts::default() };
    let silent = async {
        let (socket, _) = listener.accept().await.unwrap();
        let acceptor = acceptor(&listening, SPOKEN).unwrap();
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
