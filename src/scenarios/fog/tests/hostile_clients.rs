//! Clients that ask what they should not: a node does nothing, leaves nothing, and says why it ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use super::scene::{Scene, identity, key};
use crate::foundation::clock::SystemClock;
use crate::foundation::observer::NullObserver;
use crate::foundation::random;
use crate::scenarios::fog::chunk::chunk_bytes;
use crate::scenarios::fog::error::FogError;
use crate::scenarios::fog::id::MessageId;
use crate::scenarios::fog::node::work;
use crate::scenarios::fog::protocol::{FOG, FromClient, PIECE, PartHead};
use crate::wire::{
    Dialer, Link, LinkIdentity, ListenOptions, Listener, ListenerEvent, ListenerLimits, PeerPolicy, PeerTrust,
    WireError,
};

/// A part of this length.
fn head(length: u64) -> PartHead {
    let message = MessageId::draw(&mut random::from_system().unwrap());
    PartHead { message, part: 1, parts: 2, length, chunk: chunk_bytes(2, length, Some(4 << 20)) }
}

/// What nodes come to.
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

/// How a node ends that comes to a client that acts so.
async fn node_meets(client: impl AsyncFnOnce(&mut Link)) -> (FogError, Scene) {
    let scene = Scene::new();
    let mut listener = listener(&scene.client).await;
    let mut request = scene.request(listener.address(), identity(), "node");
    request.timeout = Duration::ZERO;
    let acts = async {
        let Some(ListenerEvent::Link(mut link)) = listener.next().await else { panic!("nobody came") };
        client(&mut link).await;
        // Until the node has had enough.
        while link.receiver.receive::<super::super::protocol::FromNode>().await.is_ok() {}
    };
    let (clock, silent) = (SystemClock, NullObserver::default());
    let (outcome, ()) = tokio::join!(work(&request, &clock, &silent, |_| {}, &scene.stop), acts);
    (outcome.unwrap_err(), scene)
}

/// Files in the node's folder that are no journal.
fn files(scene: &Scene) -> Vec<String> {
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let folders = std::fs::read_dir(scene.path("node")).unwrap().map(name).filter(|name| name != "journal.jsonl");
    folders
        .flat_map(|folder| std::fs::read_dir(scene.path("node").join(folder)).unwrap().map(name).collect::<Vec<_>>())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn weak_keys_and_no_keys_are_refused() {
    // openssl genrsa 1024 | openssl rsa -pubout -outform DER
    let mut weak = vec![0x30, 0x81, 0x9F, 0x30, 0x0D, 6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 5, 0];
    weak.extend([0x03, 0x81, 0x8D, 0x00, 0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00]);
    weak.extend([0xC5; 128]);
    weak.extend([0x02, 0x03, 0x01, 0x00, 0x01]);
    for (key, reason) in [(weak.as_slice(), "1024 bits"), (b"no key", "no key"), (b"", "no key")] {
        let (error, scene) = node_meets(async |link| {
            link.sender.send(&FromClient::Part(head(5)), key).await.unwrap();
        })
        .await;
        let FogError::BadKey { reason: found, .. } = &error else { panic!("{error}") };
        assert!(found.contains(reason), "{found}");
        assert_eq!(files(&scene), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn impossible_parts_and_pieces_are_refused() {
    let sound = head(3 * PIECE as u64);
    for (head, pieces) in [
        (PartHead { part: 3, ..sound }, vec![]),
        (PartHead { chunk: 1, ..sound }, vec![]),
        (PartHead { chunk: u32::MAX, ..sound }, vec![]),
        (sound, vec![PIECE, PIECE - 1]),
        (sound, vec![PIECE + 1]),
        (head(3), vec![4]),
    ] {
        let (error, scene) = node_meets(async |link| {
            link.sender.send(&FromClient::Part(head), key().public_key().spki()).await.unwrap();
            for length in &pieces {
                drop(link.sender.send(&FromClient::Data, &vec![7; *length]).await);
            }
        })
        .await;
        assert!(matches!(error, FogError::Wire(WireError::ProtocolViolation { .. })), "{head:?} {pieces:?}: {error}");
        assert!(files(&scene).iter().all(|name| name == "public-key.pem"), "{:?}", files(&scene));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_gone_in_the_middle_leaves_no_files() {
    let (error, scene) = node_meets(async |link| {
        link.sender.send(&FromClient::Part(head(9 << 20)), key().public_key().spki()).await.unwrap();
        for _ in 0..40 {
            link.sender.send(&FromClient::Data, &vec![7; PIECE]).await.unwrap();
        }
        link.sender.close().await.unwrap();
    })
    .await;
    assert!(error.may_pass(), "{error}");
    assert_eq!(files(&scene), ["public-key.pem"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_have_no_place_end_the_conversation() {
    for word in [FromClient::Data, FromClient::Accepted] {
        let (error, _) = node_meets(async |link| link.sender.send(&word, b"").await.unwrap()).await;
        assert!(matches!(error, FogError::Wire(WireError::ProtocolViolation { .. })), "{error}");
    }
    let (error, _) = node_meets(async |link| link.sender.send(&FromClient::Rejected, b"").await.unwrap()).await;
    assert!(matches!(error, FogError::Rejected { .. }), "{error}");
    let (error, _) = node_meets(async |link| link.sender.send(&FromClient::Duplicate, b"").await.unwrap()).await;
    assert!(matches!(error, FogError::Duplicate { .. }), "{error}");
}

/// One that stays outlives every client, and comes again, and ends well when it is told to.
#[tokio::test(flavor = "multi_thread")]
async fn no_client_ends_a_node_that_stays() {
    let scene = Scene::new();
    let mut listener = listener(&scene.client).await;
    let mut request = scene.request(listener.address(), identity(), "node");
    request.stay = true;
    let (unsound, key) = (PartHead { part: 3, ..head(5) }, key());
    let insults: [(FromClient, &[u8]); 5] = [
        (FromClient::Rejected, b""),
        (FromClient::Duplicate, b""),
        (FromClient::Part(head(5)), b"no key"),
        (FromClient::Part(unsound), key.public_key().spki()),
        (FromClient::Data, b"unasked"),
    ];
    let clients = async {
        for (word, body) in &insults {
            let Some(ListenerEvent::Link(mut link)) = listener.next().await else { panic!("nobody came") };
            link.sender.send(word, body).await.unwrap();
            while link.receiver.receive::<super::super::protocol::FromNode>().await.is_ok() {}
        }
        assert!(matches!(listener.next().await, Some(ListenerEvent::Link(_))));
        scene.stop.cancel();
    };
    let (clock, silent) = (SystemClock, NullObserver::default());
    let (outcome, ()) = tokio::join!(work(&request, &clock, &silent, |_| {}, &scene.stop), clients);
    outcome.unwrap();
    assert_eq!(files(&scene), Vec::<String>::new());
}

/// Where two answer in turns at an address that nothing is known of, neither is believed or remembered.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_another_one_at_once_is_not_believed() {
    let (scene, impostor) = (Scene::new(), identity());
    let (first, second) = (listener(&scene.client).await, listener(&impostor).await);
    let front = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = front.local_addr().unwrap();
    let both = [first.address(), second.address()];
    tokio::spawn(async move {
        for behind in both {
            let (mut from, mut to) = (front.accept().await.unwrap().0, TcpStream::connect(behind).await.unwrap());
            tokio::spawn(async move { copy_bidirectional(&mut from, &mut to).await });
        }
    });
    let known_peers = scene.path("known_peers");
    let trust = PeerTrust::FirstUse { known_peers: known_peers.clone(), confirm: Arc::new(|_, _| Ok(true)) };
    let outcome = Dialer { trust, ..scene.dialer(identity()) }.connect(&address.into()).await;
    let Err(WireError::KeyMismatch { expected, found, .. }) = outcome else { panic!("{:?}", outcome.err()) };
    assert_eq!((expected, found), (scene.client.fingerprint(), impostor.fingerprint()));
    assert!(!known_peers.exists());
}
