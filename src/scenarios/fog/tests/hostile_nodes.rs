//! Nodes that answer what they should not: each loses its part to an honest one, and the message comes back right.

use std::net::SocketAddr;

use super::given::{Given, send};
use super::scene::{Scene, identity};
use crate::crypto::{RsaBits, RsaPrivateKey, jwe};
use crate::foundation::random;
use crate::scenarios::fog::id::MessageId;
use crate::scenarios::fog::node::NodeOutcome;
use crate::scenarios::fog::protocol::{FromClient, FromNode, PIECE};
use crate::wire::{Link, LinkIdentity, WireError};

/// Three chunks.
const LENGTH: usize = 9 << 20;

/// What a node says in place of its three tokens and the end.
type Lie = fn(&Given) -> Vec<Vec<u8>>;

/// Has a node answer with a `lie` and say that this was all; then an honest one comes.
async fn survives(name: &str, lie: Lie) {
    let answer = async |link: &mut Link, given: &Given| {
        for token in lie(given) {
            send(link, &token).await?;
        }
        link.sender.send(&FromNode::Finished, b"").await
    };
    survives_conversation(name, answer).await;
}

async fn survives_conversation(name: &str, answer: impl AsyncFnOnce(&mut Link, &Given) -> Result<(), WireError>) {
    let (scene, liar) = (Scene::new(), identity());
    let message: Vec<u8> = (0..LENGTH).map(|at| ((at * 7919) >> 3) as u8).collect();
    let (returned, outcome) = scene
        .with(&message, 1, async |address| {
            let mut link = scene.link(address, &liar).await;
            let given = Given::by(&mut link).await;
            assert_eq!(given.chunks.concat(), message, "{name}");
            // It may be cut off in the middle.
            drop(answer(&mut link, &given).await);
            is_cut_off(&scene, address, &mut link, &liar).await;
            scene.node(address, identity(), "node").await
        })
        .await;
    assert!(matches!(outcome, Some(NodeOutcome::Done { part: 1, parts: 1, .. })), "{name}");
    assert_ne!(returned.parts[0].node, liar.fingerprint(), "{name}");
    let lost = scene.journal().into_iter().filter(|event| event["event"] == "lost").count();
    assert_eq!(lost, 1, "{name}: {:?}", scene.journal());
}

/// The liar is told so, its connection ends, and it does not come in again.
async fn is_cut_off(scene: &Scene, address: SocketAddr, link: &mut Link, liar: &LinkIdentity) {
    loop {
        match link.receiver.receive::<FromClient>().await {
            Ok((FromClient::Accepted, _)) => panic!("a lie was accepted"),
            Ok(_) => {}
            Err(_) => break,
        }
    }
    let mut again = scene.link(address, liar).await;
    let (said, _) = again.receiver.receive::<FromClient>().await.unwrap();
    assert!(matches!(said, FromClient::Rejected | FromClient::Duplicate), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_that_are_missing_repeated_extra_or_out_of_order() {
    survives("missing", |given| vec![given.token(1), given.token(3)]).await;
    survives("the last one missing", |given| vec![given.token(1), given.token(2)]).await;
    survives("repeated", |given| vec![given.token(1), given.token(1), given.token(2), given.token(3)]).await;
    survives("swapped", |given| vec![given.token(2), given.token(1), given.token(3)]).await;
    survives("extra", |given| vec![given.token(1), given.token(2), given.token(3), given.token(3)]).await;
    survives("none", |_| Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plaintext_that_is_not_what_was_sent() {
    survives("a bit", |given| {
        let mut chunk = given.chunks[1].clone();
        chunk[12345] ^= 1;
        vec![given.token(1), given.sealed(&given.header(2), chunk), given.token(3)]
    })
    .await;
    survives("too short", |given| {
        let chunk = given.chunks[1][1..].to_vec();
        vec![given.token(1), given.sealed(&given.header(2), chunk), given.token(3)]
    })
    .await;
    survives("empty", |given| vec![given.sealed(&given.header(1), Vec::new())]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_belong_somewhere_else() {
    fn with(given: &Given, second: Vec<u8>) -> Vec<Vec<u8>> {
        vec![given.token(1), second, given.token(3)]
    }
    survives("another message", |given| {
        let other = MessageId::draw(&mut random::from_system().unwrap()).to_string();
        with(given, given.belonging(|header| header.message = other))
    })
    .await;
    survives("another part", |given| with(given, given.belonging(|header| header.part = 2))).await;
    survives("other parts", |given| with(given, given.belonging(|header| header.parts = 2))).await;
    survives("another chunk", |given| with(given, given.belonging(|header| header.chunk = 3))).await;
    survives("an early end", |given| with(given, given.belonging(|header| header.last = true))).await;
    survives("another key's name", |given| with(given, given.belonging(|header| header.kid.clear()))).await;
    survives("one member more", |given| {
        let mut header = serde_json::to_value(given.header(2)).unwrap();
        header["jku"] = "https://attacker.example/keys".into();
        with(given, given.sealed(&header, given.chunks[1].clone()))
    })
    .await;
    survives("another key", |given| {
        let other = RsaPrivateKey::generate(RsaBits::Rsa2048).unwrap();
        let mut random = random::from_system().unwrap();
        let token = jwe::seal(other.public_key(), &given.header(2), given.chunks[1].clone(), &mut random);
        with(given, token.unwrap())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_no_tokens() {
    survives("nothing", |_| vec![b"a".to_vec()]).await;
    survives("five dots", |_| vec![b"....".to_vec()]).await;
    survives("an altered token", |given| {
        let mut token = given.token(1);
        let middle = token.len() / 2;
        token[middle] = if token[middle] == b'A' { b'B' } else { b'A' };
        vec![token]
    })
    .await;
    survives("an endless token", |_| vec![vec![b'A'; 12 << 20]]).await;
    survives_conversation("short pieces", async |link, given| {
        link.sender.send(&FromNode::Token { last: false }, &given.token(1)[..10]).await
    })
    .await;
    survives_conversation("a sign of life instead", async |link, _| link.sender.send(&FromNode::Pong, b"").await).await;
    survives_conversation("no frame", async |link, _| link.sender.send(&"something else", b"").await).await;
}

/// A node that cannot do it does nothing wrong: it may try again.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_unable_may_come_back() {
    let (scene, unable) = (Scene::new(), identity());
    let (returned, _) = scene
        .with(b"message", 1, async |address| {
            let mut link = scene.link(address, &unable).await;
            Given::by(&mut link).await;
            link.sender.send(&FromNode::Failed, b"").await.unwrap();
            while link.receiver.receive::<FromClient>().await.is_ok() {}
            scene.node(address, unable.clone(), "node").await
        })
        .await;
    assert_eq!(returned.parts[0].node, unable.fingerprint());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_without_being_asked_gets_nothing() {
    let (scene, liar) = (Scene::new(), identity());
    let (returned, ()) = scene
        .with(b"a message", 2, async |address| {
            let mut link = scene.link(address, &liar).await;
            link.sender.send(&FromNode::Finished, b"").await.unwrap();
            is_cut_off(&scene, address, &mut link, &liar).await;
            tokio::join!(scene.node(address, identity(), "one"), scene.node(address, identity(), "two"));
        })
        .await;
    assert!(returned.parts.iter().all(|part| part.node != liar.fingerprint()));
}

/// A node that says nothing any more, in the middle: it is given up after the deadline, and may come back.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stalls_loses_its_part() {
    let (scene, stalled) = (Scene::new(), identity());
    let (returned, _) = scene
        .with(&vec![7; LENGTH], 1, async |address| {
            let mut link = scene.link(address, &stalled).await;
            let given = Given::by(&mut link).await;
            send(&mut link, &given.token(1)).await.unwrap();
            // It ends when the client has had enough.
            while link.receiver.receive::<FromClient>().await.is_ok() {}
            scene.node(address, stalled.clone(), "node").await
        })
        .await;
    assert_eq!(returned.parts[0].node, stalled.fingerprint());
}

/// A node that is gone as soon as it has said all: its part is back all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_back_is_back() {
    let (scene, gone) = (Scene::new(), identity());
    let (returned, ()) = scene
        .with(b"message", 1, async |address| {
            let mut link = scene.link(address, &gone).await;
            let given = Given::by(&mut link).await;
            send(&mut link, &given.token(1)).await.unwrap();
            link.sender.send(&FromNode::Finished, b"").await.unwrap();
            drop(link);
        })
        .await;
    assert_eq!(returned.parts[0].node, gone.fingerprint());
}

/// A token can be as long as the chunk that it should hold makes it, and no longer: what many nodes send takes little memory.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_bounded_by_its_chunk() {
    let (scene, liar) = (Scene::new(), identity());
    scene
        .with(b"message", 1, async |address| {
            let mut link = scene.link(address, &liar).await;
            Given::by(&mut link).await;
            link.sender.send(&FromNode::Token { last: false }, &vec![b'A'; PIECE]).await.unwrap();
            is_cut_off(&scene, address, &mut link, &liar).await;
            scene.node(address, identity(), "node").await
        })
        .await;
}
