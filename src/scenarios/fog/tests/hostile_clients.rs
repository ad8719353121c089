//! Clients that violate the protocol: the node ends the link with an error and leaves no part behind.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use super::harness::{Harness, identity, key};
use crate::foundation::clock::SystemClock;
use crate::foundation::observer::Observer;
use crate::foundation::random;
use crate::scenarios::fog::error::FogError;
use crate::scenarios::fog::node::run_node;
use crate::scenarios::fog::part::{MessageId, PartHead, RawPartHead};
use crate::scenarios::fog::protocol::{FOG, FRAME_BYTES, FromClient, FromNode};
use crate::wire::{
    Dialer, Link, LinkIdentity, ListenOptions, Listener, ListenerEvent, ListenerLimits, PeerPolicy, PeerTrust,
    WireError,
};

/// Returns the header of the first of two parts of this length.
fn head(length: u64) -> PartHead {
    let message = MessageId::draw(&mut random::from_system().unwrap());
    PartHead::of_message(message, &[length, length], Some(4 << 20))[0]
}

/// [`FromClient`] on the wire, with a header that need not be valid.
#[derive(Debug, Serialize)]
enum RawFromClient {
    #[expect(dead_code, reason = "it gives `Part` its position")]
    Ping,
    Part(RawPartHead),
}

async fn listener(identity: &LinkIdentity) -> Listener {
    let options = ListenOptions {
        address: "127.0.0.1:0".parse().unwrap(),
        identity: identity.clone(),
        protocol: FOG,
        policy: PeerPolicy::Anyone,
        limits: ListenerLimits::default(),
    };
    Listener::start(options).await.unwrap()
}

/// Runs a node with a client that the test controls. Returns the node's error.
async fn node_meets(act: impl AsyncFnOnce(&mut Link)) -> (FogError, Harness) {
    let harness = Harness::new();
    let mut listener = listener(&harness.client).await;
    let mut request = harness.request(listener.address(), identity(), "node");
    request.timeout = Duration::ZERO;
    let client = async {
        let Some(ListenerEvent::Link(mut link)) = listener.next().await else { panic!("no node connected") };
        act(&mut link).await;
        // Until the node closes the link.
        while link.receiver.receive::<FromNode>().await.is_ok() {}
    };
    let (outcome, ()) = tokio::join!(run_node(&request, &SystemClock, Observer::null(), |_| {}, &harness.stop), client);
    (outcome.unwrap_err(), harness)
}

/// Returns the names of the node's files, without the journal.
fn files(harness: &Harness) -> Vec<String> {
    harness.files("node").into_iter().filter(|name| name != "journal.jsonl").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn weak_and_malformed_keys_are_rejected() {
    // The SPKI of an RSA key of 1024 bits, as openssl writes it in DER, with a modulus of equal bytes.
    let mut weak = vec![0x30, 0x81, 0x9F, 0x30, 0x0D, 6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 5, 0];
    weak.extend([0x03, 0x81, 0x8D, 0x00, 0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00]);
    weak.extend([0xC5; 128]);
    weak.extend([0x02, 0x03, 0x01, 0x00, 0x01]);
    for (key, reason) in [(weak.as_slice(), "1024 bits"), (b"no key", "not a key"), (b"", "not a key")] {
        let (error, harness) = node_meets(async |link| {
            link.sender.send(&FromClient::Part(head(5)), key).await.unwrap();
        })
        .await;
        let FogError::BadKey { reason: found, .. } = &error else { panic!("{error}") };
        assert!(found.contains(reason), "{found}");
        assert_eq!(files(&harness), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn impossible_parts_and_frames_are_rejected() {
    let valid = head(3 * FRAME_BYTES as u64);
    for (head, frames) in [
        (RawPartHead { part: 3, ..*valid }, vec![]),
        (RawPartHead { chunk: 1, ..*valid }, vec![]),
        (RawPartHead { chunk: u32::MAX, ..*valid }, vec![]),
        (*valid, vec![FRAME_BYTES, FRAME_BYTES - 1]),
        (*valid, vec![FRAME_BYTES + 1]),
        (*head(3), vec![4]),
    ] {
        let (error, harness) = node_meets(async |link| {
            link.sender.send(&RawFromClient::Part(head), key().public_key().spki()).await.unwrap();
            for length in &frames {
                let _ = link.sender.send(&FromClient::Data, &vec![7; *length]).await;
            }
        })
        .await;
        assert!(matches!(error, FogError::Wire(WireError::ProtocolViolation { .. })), "{head:?} {frames:?}: {error}");
        assert!(files(&harness).iter().all(|name| name == "public-key.pem"), "{:?}", files(&harness));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_disconnects_in_the_middle_leaves_no_files() {
    let (error, harness) = node_meets(async |link| {
        link.sender.send(&FromClient::Part(head(9 << 20)), key().public_key().spki()).await.unwrap();
        for _ in 0..40 {
            link.sender.send(&FromClient::Data, &vec![7; FRAME_BYTES]).await.unwrap();
        }
        link.sender.close().await.unwrap();
    })
    .await;
    assert!(error.is_transient(), "{error}");
    assert_eq!(files(&harness), ["public-key.pem"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn unexpected_messages_end_the_link() {
    for message in [FromClient::Data, FromClient::Accepted] {
        let (error, _) = node_meets(async |link| link.sender.send(&message, b"").await.unwrap()).await;
        assert!(matches!(error, FogError::Wire(WireError::ProtocolViolation { .. })), "{error}");
    }
    let (error, _) = node_meets(async |link| link.sender.send(&FromClient::Rejected, b"").await.unwrap()).await;
    assert!(matches!(error, FogError::Rejected { .. }), "{error}");
    let (error, _) = node_meets(async |link| link.sender.send(&FromClient::Duplicate, b"").await.unwrap()).await;
    assert!(matches!(error, FogError::Duplicate { .. }), "{error}");
}

/// A node that stays reconnects after every kind of violation, and ends without an error when it is stopped.
#[tokio::test(flavor = "multi_thread")]
async fn no_client_ends_a_node_that_stays() {
    let harness = Harness::new();
    let mut listener = listener(&harness.client).await;
    let mut request = harness.request(listener.address(), identity(), "node");
    request.stay = true;
    let violations: [(FromClient, &[u8]); 4] = [
        (FromClient::Rejected, b""),
        (FromClient::Duplicate, b""),
        (FromClient::Part(head(5)), b"no key"),
        (FromClient::Data, b"unexpected"),
    ];
    let clients = async {
        for (message, body) in &violations {
            let Some(ListenerEvent::Link(mut link)) = listener.next().await else { panic!("no node connected") };
            link.sender.send(message, body).await.unwrap();
            while link.receiver.receive::<FromNode>().await.is_ok() {}
        }
        let Some(ListenerEvent::Link(mut link)) = listener.next().await else { panic!("no node connected") };
        let impossible = RawFromClient::Part(RawPartHead { part: 3, ..*head(5) });
        link.sender.send(&impossible, key().public_key().spki()).await.unwrap();
        while link.receiver.receive::<FromNode>().await.is_ok() {}
        assert!(matches!(listener.next().await, Some(ListenerEvent::Link(_))));
        harness.stop.cancel();
    };
    let (outcome, ()) =
        tokio::join!(run_node(&request, &SystemClock, Observer::null(), |_| {}, &harness.stop), clients);
    outcome.unwrap();
    assert_eq!(files(&harness), Vec::<String>::new());
}

/// If two peers answer in turn at an unknown address, neither is trusted or remembered.
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_changes_its_key_at_once_is_not_trusted() {
    let (harness, impostor) = (Harness::new(), identity());
    let (first, second) = (listener(&harness.client).await, listener(&impostor).await);
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = proxy.local_addr().unwrap();
    let peers = [first.address(), second.address()];
    tokio::spawn(async move {
        for peer in peers {
            let (mut from, mut to) = (proxy.accept().await.unwrap().0, TcpStream::connect(peer).await.unwrap());
            tokio::spawn(async move { copy_bidirectional(&mut from, &mut to).await });
        }
    });
    let known_peers = harness.path("known_peers");
    let trust = PeerTrust::FirstUse { known_peers: known_peers.clone(), confirm: Arc::new(|_, _| Ok(true)) };
    let outcome = Dialer { trust, ..harness.dialer(identity()) }.connect(&address.into()).await;
    let Err(WireError::KeyMismatch { expected, found, .. }) = outcome else { panic!("{:?}", outcome.err()) };
    assert_eq!((expected, found), (harness.client.fingerprint(), impostor.fingerprint()));
    assert!(!known_peers.exists());
}
