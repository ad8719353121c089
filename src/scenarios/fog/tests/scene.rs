//! A client, nodes, and a folder for all of them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::crypto::{IdentityKey, RsaBits, RsaPrivateKey};
use crate::foundation::clock::SystemClock;
use crate::foundation::observer::NullObserver;
use crate::scenarios::fog::client::{ClientRequest, Listening, run_client};
use crate::scenarios::fog::error::FogError;
use crate::scenarios::fog::node::{NodeOutcome, NodeRequest, work};
use crate::scenarios::fog::protocol::FOG;
use crate::scenarios::fog::report::Report;
use crate::scenarios::fog::source::Source;
use crate::wire::{Dialer, Link, LinkIdentity, PeerPolicy, PeerTrust, Timeouts};

/// Longer than any of these tests takes where all is well.
pub(super) const LONG: Duration = Duration::from_mins(1);

/// A folder, the client's identity, and a node's.
pub(super) struct Scene {
    folder: TempDir,
    pub(super) client: LinkIdentity,
    pub(super) stop: CancellationToken,
}

pub(super) fn identity() -> LinkIdentity {
    LinkIdentity::new(&IdentityKey::generate().unwrap()).unwrap()
}

/// A key that is made once: that takes longer than most tests.
pub(super) fn key() -> RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    let key = KEY.get_or_init(|| RsaPrivateKey::generate(RsaBits::Rsa2048).unwrap());
    RsaPrivateKey::from_pkcs8(key.pkcs8().expose()).unwrap()
}

impl Scene {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), client: identity(), stop: CancellationToken::new() }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The client, for anyone; `listening` is told where.
    pub(super) async fn returned(
        &self,
        message: &[u8],
        nodes: u32,
        timeout: Duration,
        listening: impl FnOnce(&Listening),
    ) -> Result<Report, FogError> {
        let request = ClientRequest {
            listen: "127.0.0.1:0".parse().unwrap(),
            identity: self.client.clone(),
            admission: PeerPolicy::Anyone,
            nodes,
            chunk: Some(4 << 20),
            key: key(),
            source: Source::spool(message, "the message".into(), self.folder.path()).unwrap(),
            out: self.path("client"),
            timeout,
            silence: Duration::from_secs(3),
        };
        run_client(request, 0, &SystemClock, &NullObserver::default(), listening, &self.stop).await
    }

    /// The client, and `others` who are told where it listens.
    pub(super) async fn with<T>(
        &self,
        message: &[u8],
        nodes: u32,
        others: impl AsyncFnOnce(SocketAddr) -> T,
    ) -> (Report, T) {
        let (told, address) = tokio::sync::oneshot::channel();
        let returned = self.returned(message, nodes, LONG, |listening| told.send(listening.address).unwrap());
        let others = Box::pin(async { others(address.await.unwrap()).await });
        let (returned, value) = tokio::join!(Box::pin(returned), others);
        let returned = returned.unwrap();
        assert_eq!(std::fs::read(&returned.file).unwrap(), message);
        (returned, value)
    }

    pub(super) fn dialer(&self, identity: LinkIdentity) -> Dialer {
        let trust = PeerTrust::Pinned(self.client.fingerprint());
        Dialer {
            identity,
            protocol: FOG,
            trust,
            timeouts: Timeouts { idle: Duration::from_secs(5), ..Timeouts::default() },
        }
    }

    /// An honest node; what it did.
    pub(super) async fn node(&self, address: SocketAddr, identity: LinkIdentity, name: &str) -> Option<NodeOutcome> {
        let request = self.request(address, identity, name);
        let mut done = None;
        let outcome =
            work(&request, &SystemClock, &NullObserver::default(), |outcome| done = Some(outcome.clone()), &self.stop)
                .await;
        outcome.unwrap();
        done
    }

    pub(super) fn request(&self, address: SocketAddr, identity: LinkIdentity, name: &str) -> NodeRequest {
        NodeRequest {
            address: address.into(),
            dialer: self.dialer(identity),
            out: self.path(name),
            stay: false,
            timeout: LONG,
        }
    }

    /// A link of somebody who may say anything.
    pub(super) async fn link(&self, address: SocketAddr, identity: &LinkIdentity) -> Link {
        self.dialer(identity.clone()).connect(&address.into()).await.unwrap()
    }

    /// Returns when the client has written down so many of these events.
    pub(super) async fn until_journal_has(&self, name: &str, times: usize) {
        while self.journal().iter().filter(|event| event["event"] == name).count() < times {
            tokio::task::yield_now().await;
        }
    }

    /// The events in the client's journal, as far as they are there: the last line may still be coming.
    pub(super) fn journal(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.path("client").join("journal.jsonl")).unwrap();
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        whole.map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
