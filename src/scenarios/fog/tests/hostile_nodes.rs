//! Nodes that answer wrongly: each loses its part to an honest node, and the message comes back intact.

use std::net::SocketAddr;

use super::harness::{Harness, identity};
use super::received_part::{ReceivedPart, send};
use crate::crypto::{RsaBits, RsaPrivateKey, jwe};
use crate::foundation::random;
use crate::scenarios::fog::node::NodeOutcome;
use crate::scenarios::fog::part::MessageId;
use crate::scenarios::fog::protocol::{FRAME_BYTES, FromClient, FromNode};
use crate::wire::{Link, LinkIdentity, WireError};

/// Three chunks.
const LENGTH: usize = 9 << 20;

/// The tokens that a node sends instead of its three correct ones.
type Lie = fn(&ReceivedPart) -> Vec<Vec<u8>>;

/// Runs a node that sends the tokens of `lie` and `Finished`, then an honest node.
async fn survives(name: &str, lie: Lie) {
    let answer = async |link: &mut Link, part: &ReceivedPart| {
        for token in lie(part) {
            send(link, &token).await?;
        }
        link.sender.send(&FromNode::Finished, b"").await
    };
    survives_conversation(name, answer).await;
}

async fn survives_conversation(
    name: &str,
    answer: impl AsyncFnOnce(&mut Link, &ReceivedPart) -> Result<(), WireError>,
) {
    let (harness, liar) = (Harness::new(), identity());
    let message: Vec<u8> = (0..LENGTH).map(|at| ((at * 7919) >> 3) as u8).collect();
    let (report, outcome) = harness
        .with(&message, 1, async |address| {
            let mut link = harness.link(address, &liar).await;
            let part = ReceivedPart::from(&mut link).await;
            assert_eq!(part.chunks.concat(), message, "{name}");
            // The client may end the link in the middle.
            let _ = answer(&mut link, &part).await;
            assert_excluded(&harness, address, &mut link, &liar).await;
            harness.node(address, identity(), "node").await
        })
        .await;
    assert!(matches!(outcome, Some(NodeOutcome::Done { part: 1, parts: 1, .. })), "{name}");
    assert_ne!(report.parts[0].node, liar.fingerprint(), "{name}");
    let lost = harness.journal().into_iter().filter(|event| event["event"] == "lost").count();
    assert_eq!(lost, 1, "{name}: {:?}", harness.journal());
}

/// The liar hears that it is rejected, its link ends, and it is rejected when it connects again.
async fn assert_excluded(harness: &Harness, address: SocketAddr, link: &mut Link, liar: &LinkIdentity) {
    loop {
        match link.receiver.receive::<FromClient>().await {
            Ok((FromClient::Accepted, _)) => panic!("a lie was accepted"),
            Ok(_) => {}
            Err(_) => break,
        }
    }
    let mut again = harness.link(address, liar).await;
    let (message, _) = again.receiver.receive::<FromClient>().await.unwrap();
    assert!(matches!(message, FromClient::Rejected | FromClient::Duplicate), "{message:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_repeated_extra_and_reordered_tokens_are_rejected() {
    survives("missing", |part| vec![part.token(1), part.token(3)]).await;
    survives("the last one missing", |part| vec![part.token(1), part.token(2)]).await;
    survives("repeated", |part| vec![part.token(1), part.token(1), part.token(2), part.token(3)]).await;
    survives("swapped", |part| vec![part.token(2), part.token(1), part.token(3)]).await;
    survives("extra", |part| vec![part.token(1), part.token(2), part.token(3), part.token(3)]).await;
    survives("none", |_| Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn altered_plaintexts_are_rejected() {
    survives("a bit", |part| {
        let mut chunk = part.chunks[1].clone();
        chunk[12345] ^= 1;
        vec![part.token(1), part.encrypt(&part.header(2), chunk), part.token(3)]
    })
    .await;
    survives("too short", |part| {
        let chunk = part.chunks[1][1..].to_vec();
        vec![part.token(1), part.encrypt(&part.header(2), chunk), part.token(3)]
    })
    .await;
    survives("empty", |part| vec![part.encrypt(&part.header(1), Vec::new())]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_with_another_header_or_key_are_rejected() {
    fn with(part: &ReceivedPart, second: Vec<u8>) -> Vec<Vec<u8>> {
        vec![part.token(1), second, part.token(3)]
    }
    survives("another message", |part| {
        let other = MessageId::draw(&mut random::from_system().unwrap()).to_string();
        with(part, part.second_token_with(|header| header.message = other))
    })
    .await;
    survives("another part", |part| with(part, part.second_token_with(|header| header.part = 2))).await;
    survives("other parts", |part| with(part, part.second_token_with(|header| header.parts = 2))).await;
    survives("another chunk", |part| with(part, part.second_token_with(|header| header.chunk = 3))).await;
    survives("an early end", |part| with(part, part.second_token_with(|header| header.last = true))).await;
    survives("another key's name", |part| with(part, part.second_token_with(|header| header.kid.clear()))).await;
    survives("an extra member", |part| {
        let mut header = serde_json::to_value(part.header(2)).unwrap();
        header["jku"] = "https://attacker.example/keys".into();
        with(part, part.encrypt(&header, part.chunks[1].clone()))
    })
    .await;
    survives("another key", |part| {
        let other = RsaPrivateKey::generate(RsaBits::Rsa2048).unwrap();
        let mut random = random::from_system().unwrap();
        let token = jwe::seal(other.public_key(), &part.header(2), part.chunks[1].clone(), &mut random);
        with(part, token.unwrap())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_not_tokens_are_rejected() {
    survives("nothing", |_| vec![b"a".to_vec()]).await;
    survives("five dots", |_| vec![b"....".to_vec()]).await;
    survives("an altered token", |part| {
        let mut token = part.token(1);
        let middle = token.len() / 2;
        token[middle] = if token[middle] == b'A' { b'B' } else { b'A' };
        vec![token]
    })
    .await;
    survives("an endless token", |_| vec![vec![b'A'; 12 << 20]]).await;
    survives_conversation("short frames", async |link, part| {
        link.sender.send(&FromNode::Token { last: false }, &part.token(1)[..10]).await
    })
    .await;
    survives_conversation("a pong instead", async |link, _| link.sender.send(&FromNode::Pong, b"").await).await;
    survives_conversation("no frame", async |link, _| link.sender.send(&"something else", b"").await).await;
}

/// A node that reports a failure has done nothing wrong: it may try again.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_fails_may_come_back() {
    let (harness, failing) = (Harness::new(), identity());
    let (report, _) = harness
        .with(b"message", 1, async |address| {
            let mut link = harness.link(address, &failing).await;
            ReceivedPart::from(&mut link).await;
            link.sender.send(&FromNode::Failed, b"").await.unwrap();
            while link.receiver.receive::<FromClient>().await.is_ok() {}
            harness.node(address, failing.clone(), "node").await
        })
        .await;
    assert_eq!(report.parts[0].node, failing.fingerprint());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_sends_unexpected_messages_gets_no_part() {
    let (harness, liar) = (Harness::new(), identity());
    let (report, ()) = harness
        .with(b"a message", 2, async |address| {
            let mut link = harness.link(address, &liar).await;
            link.sender.send(&FromNode::Finished, b"").await.unwrap();
            assert_excluded(&harness, address, &mut link, &liar).await;
            tokio::join!(harness.node(address, identity(), "one"), harness.node(address, identity(), "two"));
        })
        .await;
    assert!(report.parts.iter().all(|part| part.node != liar.fingerprint()));
}

/// A node that stops in the middle of its part loses it at the idle timeout, and may come back.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stalls_loses_its_part() {
    let (harness, stalled) = (Harness::new(), identity());
    let (report, _) = harness
        .with(&vec![7; LENGTH], 1, async |address| {
            let mut link = harness.link(address, &stalled).await;
            let part = ReceivedPart::from(&mut link).await;
            send(&mut link, &part.token(1)).await.unwrap();
            // Ends when the client closes the link.
            while link.receiver.receive::<FromClient>().await.is_ok() {}
            harness.node(address, stalled.clone(), "node").await
        })
        .await;
    assert_eq!(report.parts[0].node, stalled.fingerprint());
}

/// A part counts even if its node disconnects right after `Finished`.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_counts_when_its_node_leaves_at_once() {
    let (harness, gone) = (Harness::new(), identity());
    let (report, ()) = harness
        .with(b"message", 1, async |address| {
            let mut link = harness.link(address, &gone).await;
            let part = ReceivedPart::from(&mut link).await;
            send(&mut link, &part.token(1)).await.unwrap();
            link.sender.send(&FromNode::Finished, b"").await.unwrap();
            drop(link);
        })
        .await;
    assert_eq!(report.parts[0].node, gone.fingerprint());
}

/// A token's length is bounded by its chunk's, so that many nodes cannot use up the client's memory.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_bounded_by_its_chunk() {
    let (harness, liar) = (Harness::new(), identity());
    harness
        .with(b"message", 1, async |address| {
            let mut link = harness.link(address, &liar).await;
            ReceivedPart::from(&mut link).await;
            link.sender.send(&FromNode::Token { last: false }, &vec![b'A'; FRAME_BYTES]).await.unwrap();
            assert_excluded(&harness, address, &mut link, &liar).await;
            harness.node(address, identity(), "node").await
        })
        .await;
}
