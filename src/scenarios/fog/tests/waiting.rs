//! Nodes that connect early, late, twice, in excess, or not at all.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::harness::{Harness, LONG, identity};
use super::received_part::{ReceivedPart, send};
use crate::foundation::clock::SystemClock;
use crate::foundation::observer::Observer;
use crate::scenarios::fog::error::FogError;
use crate::scenarios::fog::node::{NodeOutcome, run_node};
use crate::scenarios::fog::protocol::{FromClient, FromNode};
use crate::wire::WireError;

#[tokio::test(flavor = "multi_thread")]
async fn without_enough_nodes_the_client_ends_after_its_timeout() {
    let harness = Harness::new();
    let error = harness.run_client(b"message", 2, Duration::from_millis(100), |_| {}).await.unwrap_err();
    assert!(matches!(error, FogError::TooFewNodes { connected: 0, needed: 2, .. }), "{error}");
    let events: Vec<_> = harness.journal().iter().map(|event| event["event"].clone()).collect();
    assert_eq!(events, ["listening", "failed"]);
}

/// The part of a lost node does not go to a node that has had another part.
#[tokio::test(flavor = "multi_thread")]
async fn no_node_gets_two_parts() {
    let harness = Harness::new();
    let (sender, address) = tokio::sync::oneshot::channel();
    let timeout = Duration::from_secs(2);
    let client = harness.run_client(b"two parts", 2, timeout, |address| sender.send(address).unwrap());
    let (outcome, ()) = tokio::join!(client, async {
        let address = address.await.unwrap();
        let (mut lost, mut honest) =
            (harness.link(address, &identity()).await, harness.link(address, &identity()).await);
        let head = |message| match message {
            FromClient::Part(head) => head,
            other => panic!("{other:?}"),
        };
        let first = head(lost.receiver.receive().await.unwrap().0);
        let second = head(honest.receiver.receive().await.unwrap().0);
        assert_ne!(first.part, second.part);
        drop(lost);
        // The honest node keeps its link until the client ends.
        while honest.receiver.receive::<FromClient>().await.is_ok_and(|(message, _)| message == FromClient::Data) {}
    });
    assert!(matches!(outcome, Err(FogError::NoNode { parts: 2, .. })), "{outcome:?}");
    let given = harness.journal().into_iter().filter(|event| event["event"] == "given").count();
    assert_eq!(given, 2);
    let files = harness.files("client");
    assert!(files.contains(&"public-key.pem".into()) && !files.contains(&"message".into()), "{files:?}");
}

/// A node that connects while another one has the only part waits, and learns at the end that nothing is left.
#[tokio::test(flavor = "multi_thread")]
async fn a_surplus_node_learns_that_nothing_is_left() {
    let (harness, busy) = (Harness::new(), identity());
    let (report, (accepted, done)) = harness
        .with(b"", 1, async |address| {
            let mut link = harness.link(address, &busy).await;
            let part = ReceivedPart::from(&mut link).await;
            let mut surplus = harness.link(address, &identity()).await;
            assert_eq!(surplus.receiver.receive::<FromClient>().await.unwrap().0, FromClient::Ping);
            surplus.sender.send(&FromNode::Pong, b"").await.unwrap();
            send(&mut link, &part.token(1)).await.unwrap();
            link.sender.send(&FromNode::Finished, b"").await.unwrap();
            (link.receiver.receive().await.unwrap().0, surplus.receiver.receive().await.unwrap().0)
        })
        .await;
    assert_eq!(report.parts[0].node, busy.fingerprint());
    assert_eq!((accepted, done), (FromClient::Accepted, FromClient::Done));
}

/// An honest node reports in that case that it was not needed.
#[tokio::test(flavor = "multi_thread")]
async fn a_surplus_node_reports_that_it_was_not_needed() {
    let (harness, busy) = (Harness::new(), identity());
    let (_, outcome) = harness
        .with(b"message", 1, async |address| {
            let mut link = harness.link(address, &busy).await;
            let part = ReceivedPart::from(&mut link).await;
            let surplus = harness.node(address, identity(), "node");
            let answer = async {
                harness.until_journal_has("joined", 2).await;
                send(&mut link, &part.token(1)).await.unwrap();
                link.sender.send(&FromNode::Finished, b"").await.unwrap();
            };
            tokio::join!(surplus, answer).0
        })
        .await;
    assert!(matches!(outcome, Some(NodeOutcome::NotNeeded)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connection_of_the_same_identity_is_rejected() {
    let (harness, twice) = (Harness::new(), identity());
    harness
        .with(b"message", 2, async |address| {
            let mut first = harness.link(address, &twice).await;
            harness.until_journal_has("joined", 1).await;
            let mut second = harness.link(address, &twice).await;
            assert_eq!(second.receiver.receive::<FromClient>().await.unwrap().0, FromClient::Duplicate);
            let _ = first.sender.send(&FromNode::Failed, b"").await;
            drop(first);
            tokio::join!(harness.node(address, twice.clone(), "one"), harness.node(address, identity(), "two"));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_finds_a_client_that_starts_late() {
    let harness = Harness::new();
    let address = unused_address();
    let client = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        harness.run_client_at(address, b"message", 1, LONG, |_| {}).await
    };
    let (report, outcome) = tokio::join!(Box::pin(client), harness.node(address, identity(), "node"));
    assert_eq!(report.unwrap().parts.len(), 1);
    assert!(matches!(outcome, Some(NodeOutcome::Done { .. })), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_a_client_gives_up_after_its_timeout() {
    let harness = Harness::new();
    let mut request = harness.request(unused_address(), identity(), "node");
    request.timeout = Duration::from_millis(300);
    let begin = Instant::now();
    let error = run_node(&request, &SystemClock, Observer::null(), |_| {}, &harness.stop).await.unwrap_err();
    assert!(matches!(error, FogError::Wire(WireError::Unreachable { .. })) && error.is_transient(), "{error}");
    assert!(begin.elapsed() >= request.timeout, "{:?}", begin.elapsed());
}

/// Returns an address on which nothing listens.
fn unused_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A node that takes the part and drops it over and over does not delay the timeout, and is excluded in the end.
#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_is_not_progress() {
    let (harness, flapping) = (Harness::new(), identity());
    let (sender, address) = tokio::sync::oneshot::channel();
    let timeout = Duration::from_secs(4);
    let client = harness.run_client(b"message", 1, timeout, |address| sender.send(address).unwrap());
    let address = async { address.await.unwrap() };
    let node = async {
        let address = address.await;
        let mut rejected = false;
        while let Ok(mut link) = harness.dialer(flapping.clone()).connect(&address.into()).await {
            rejected |= matches!(link.receiver.receive().await, Ok((FromClient::Rejected, _)));
            if rejected {
                break;
            }
        }
        rejected
    };
    let (outcome, rejected) = tokio::join!(Box::pin(client), Box::pin(node));
    assert!(matches!(outcome, Err(FogError::NoNode { .. })) && rejected, "{outcome:?}");
    let given = harness.journal().into_iter().filter(|event| event["event"] == "given").count();
    assert_eq!(given, 16);
}

/// A node that connects and leaves all the time is reported a limited number of times.
#[tokio::test(flavor = "multi_thread")]
async fn a_restless_node_does_not_fill_the_journal() {
    let (harness, restless) = (Harness::new(), identity());
    harness
        .with(b"message", 2, async |address| {
            for _ in 0..60 {
                drop(harness.link(address, &restless).await);
            }
            tokio::join!(harness.node(address, identity(), "one"), harness.node(address, identity(), "two"));
        })
        .await;
    let name = restless.fingerprint().to_string();
    // The last of its links may get a part before its loss is noticed. That loss is always reported.
    let matches =
        |it: &serde_json::Value, kind: &str| it["event"] == kind && it["node"] == name && it["part"].is_null();
    let count = |kind: &str| harness.journal().iter().filter(|it| matches(it, kind)).count();
    assert!((1..=16).contains(&count("joined")) && (1..=16).contains(&count("lost")), "{:?}", harness.journal());
}

/// Idle nodes learn that nothing is left, even if the client fails.
#[tokio::test(flavor = "multi_thread")]
async fn idle_nodes_learn_that_the_client_fails() {
    let harness = Harness::new();
    let (sender, address) = tokio::sync::oneshot::channel();
    let client = harness.run_client(b"message", 3, LONG, |address| sender.send(address).unwrap());
    let node = async {
        let mut link = harness.link(address.await.unwrap(), &identity()).await;
        loop {
            match link.receiver.receive().await.unwrap().0 {
                FromClient::Ping => link.sender.send(&FromNode::Pong, b"").await.unwrap(),
                message => break message,
            }
            harness.stop.cancel();
        }
    };
    let (outcome, message) = tokio::join!(Box::pin(client), Box::pin(node));
    assert!(outcome.is_err());
    assert_eq!(message, FromClient::Done);
}
