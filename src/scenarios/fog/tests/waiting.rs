//! Nodes that come early, late, twice, too many or not at all.

use std::time::Duration;

use super::given::{Given, send};
use super::scene::{LONG, Scene, identity};
use crate::scenarios::fog::error::FogError;
use crate::scenarios::fog::node::NodeOutcome;
use crate::scenarios::fog::protocol::{FromClient, FromNode};

#[tokio::test(flavor = "multi_thread")]
async fn without_enough_nodes_it_ends_when_it_was_told_to() {
    let scene = Scene::new();
    let error = scene.returned(b"message", 2, Duration::from_millis(100), |_| {}).await.unwrap_err();
    assert!(matches!(error, FogError::TooFewNodes { here: 0, needed: 2, .. }), "{error}");
    let events: Vec<_> = scene.journal().iter().map(|event| event["event"].clone()).collect();
    assert_eq!(events, ["listening", "failed"]);
}

/// The part of a node that is lost is nobody's who has had another one.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_two_parts() {
    let scene = Scene::new();
    let (told, address) = tokio::sync::oneshot::channel();
    let timeout = Duration::from_secs(2);
    let returned = scene.returned(b"two parts", 2, timeout, |listening| told.send(listening.address).unwrap());
    let (returned, ()) = tokio::join!(returned, async {
        let address = address.await.unwrap();
        let (mut lost, mut honest) = (scene.link(address, &identity()).await, scene.link(address, &identity()).await);
        let head = |said| match said {
            FromClient::Part(head) => head,
            other => panic!("{other:?}"),
        };
        let first = head(lost.receiver.receive().await.unwrap().0);
        let second = head(honest.receiver.receive().await.unwrap().0);
        assert_ne!(first.part, second.part);
        drop(lost);
        // The honest one does nothing wrong, and is lost too when the client ends.
        while honest.receiver.receive::<FromClient>().await.is_ok_and(|(said, _)| said == FromClient::Data) {}
    });
    assert!(matches!(returned, Err(FogError::NoNode { parts: 2, .. })), "{returned:?}");
    let given = scene.journal().into_iter().filter(|event| event["event"] == "given").count();
    assert_eq!(given, 2);
    assert!(!scene.path("client").join("message").exists());
}

/// One that comes while the only part is at another one waits, and hears in the end that nothing is left for it.
#[tokio::test(flavor = "multi_thread")]
async fn one_more_than_needed_is_not_needed() {
    let (scene, busy) = (Scene::new(), identity());
    let (returned, (accepted, rest)) = scene
        .with(b"", 1, async |address| {
            let mut link = scene.link(address, &busy).await;
            let given = Given::by(&mut link).await;
            let mut spare = scene.link(address, &identity()).await;
            assert_eq!(spare.receiver.receive::<FromClient>().await.unwrap().0, FromClient::Ping);
            spare.sender.send(&FromNode::Pong, b"").await.unwrap();
            send(&mut link, &given.token(1)).await.unwrap();
            link.sender.send(&FromNode::Finished, b"").await.unwrap();
            (link.receiver.receive().await.unwrap().0, spare.receiver.receive().await.unwrap().0)
        })
        .await;
    assert_eq!(returned.parts[0].node, busy.fingerprint());
    assert_eq!((accepted, rest), (FromClient::Accepted, FromClient::Done));
}

/// An honest node hears the same, and that is what it says it did.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_not_needed_says_so() {
    let (scene, busy) = (Scene::new(), identity());
    let (_, outcome) = scene
        .with(b"message", 1, async |address| {
            let mut link = scene.link(address, &busy).await;
            let given = Given::by(&mut link).await;
            let spare = scene.node(address, identity(), "node");
            let answer = async {
                scene.until_journal_has("joined", 2).await;
                send(&mut link, &given.token(1)).await.unwrap();
                link.sender.send(&FromNode::Finished, b"").await.unwrap();
            };
            tokio::join!(spare, answer).0
        })
        .await;
    assert!(matches!(outcome, Some(NodeOutcome::NotNeeded)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_node_twice_is_one_node() {
    let (scene, twice) = (Scene::new(), identity());
    scene
        .with(b"message", 2, async |address| {
            let mut first = scene.link(address, &twice).await;
            scene.until_journal_has("joined", 1).await;
            let mut second = scene.link(address, &twice).await;
            assert_eq!(second.receiver.receive::<FromClient>().await.unwrap().0, FromClient::Duplicate);
            drop(first.sender.send(&FromNode::Failed, b"").await);
            drop(first);
            tokio::join!(scene.node(address, twice.clone(), "one"), scene.node(address, identity(), "two"));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_finds_a_client_that_comes_late_and_gives_up_in_the_end() {
    let scene = Scene::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut request = scene.request(address, identity(), "node");
    request.timeout = Duration::from_millis(300);
    let (clock, observer) =
        (crate::foundation::clock::SystemClock, crate::foundation::observer::NullObserver::default());
    let error = super::super::node::work(&request, &clock, &observer, |_| {}, &scene.stop).await.unwrap_err();
    assert!(error.may_pass(), "{error}");
    assert!(request.timeout < LONG);
}

/// A node that takes the part and drops it, again and again, does not stop the clock, and is not given it for ever.
#[tokio::test(flavor = "multi_thread")]
async fn giving_is_no_progress() {
    let (scene, flapping) = (Scene::new(), identity());
    let (told, address) = tokio::sync::oneshot::channel();
    let timeout = Duration::from_secs(4);
    let returned = scene.returned(b"message", 1, timeout, |listening| told.send(listening.address).unwrap());
    let address = async { address.await.unwrap() };
    let flaps = async {
        let address = address.await;
        let mut rejected = false;
        while let Ok(mut link) = scene.dialer(flapping.clone()).connect(&address.into()).await {
            rejected |= matches!(link.receiver.receive().await, Ok((FromClient::Rejected, _)));
            if rejected {
                break;
            }
        }
        rejected
    };
    let (returned, rejected) = tokio::join!(Box::pin(returned), Box::pin(flaps));
    assert!(matches!(returned, Err(FogError::NoNode { .. })) && rejected, "{returned:?}");
    let given = scene.journal().into_iter().filter(|event| event["event"] == "given").count();
    assert_eq!(given, 16);
}

/// Of a node that comes and goes all the time, that is told some times and no more.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_and_goes_fills_no_journal() {
    let (scene, restless) = (Scene::new(), identity());
    scene
        .with(b"message", 2, async |address| {
            for _ in 0..60 {
                drop(scene.link(address, &restless).await);
            }
            tokio::join!(scene.node(address, identity(), "one"), scene.node(address, identity(), "two"));
        })
        .await;
    let name = restless.fingerprint().to_string();
    // The last of its links may be given a part, before it is noticed that it is gone: that loss is told.
    let of_it = |it: &serde_json::Value, kind: &str| it["event"] == kind && it["node"] == name && it["part"].is_null();
    let told = |kind: &str| scene.journal().iter().filter(|it| of_it(it, kind)).count();
    assert!((1..=16).contains(&told("joined")) && (1..=16).contains(&told("lost")), "{:?}", scene.journal());
}

/// Nodes that have nothing to do hear that there is nothing more, also where the message does not come back.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_are_told_of_the_end() {
    let scene = Scene::new();
    let (told, address) = tokio::sync::oneshot::channel();
    let returned = scene.returned(b"message", 3, LONG, |listening| told.send(listening.address).unwrap());
    let node = async {
        let mut link = scene.link(address.await.unwrap(), &identity()).await;
        loop {
            match link.receiver.receive().await.unwrap().0 {
                FromClient::Ping => link.sender.send(&FromNode::Pong, b"").await.unwrap(),
                said => break said,
            }
            scene.stop.cancel();
        }
    };
    let (returned, said) = tokio::join!(Box::pin(returned), Box::pin(node));
    assert!(returned.is_err());
    assert_eq!(said, FromClient::Done);
}
