//! A client, its nodes, and a temporary directory for their files.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::crypto::{IdentityKey, RsaBits, RsaPrivateKey};
use crate::foundation::clock::SystemClock;
use crate::foundation::observer::Observer;
use crate::scenarios::fog::client::{ClientRequest, ListeningClient, MessageReport};
use crate::scenarios::fog::error::FogError;
use crate::scenarios::fog::node::{NodeOutcome, NodeRequest, run_node};
use crate::scenarios::fog::protocol::FOG;
use crate::scenarios::fog::source::Source;
use crate::wire::{Dialer, Link, LinkIdentity, PeerPolicy, PeerTrust, Timeouts};

/// Longer than any of these tests takes when it succeeds.
pub(super) const LONG: Duration = Duration::from_mins(1);

/// The directory and the client's identity.
pub(super) struct Harness {
    directory: TempDir,
    pub(super) client: LinkIdentity,
    pub(super) stop: CancellationToken,
}

pub(super) fn identity() -> LinkIdentity {
    LinkIdentity::new(&IdentityKey::generate().unwrap()).unwrap()
}

/// Returns an RSA key. It is generated once, since that takes longer than most tests.
pub(super) fn key() -> RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    let key = KEY.get_or_init(|| RsaPrivateKey::generate(RsaBits::Rsa2048).unwrap());
    RsaPrivateKey::from_pkcs8(key.pkcs8().expose()).unwrap()
}

impl Harness {
    pub(super) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), client: identity(), stop: CancellationToken::new() }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs the client on any free port; see [`Self::run_client_at`].
    pub(super) async fn run_client(
        &self,
        message: &[u8],
        nodes: u32,
        timeout: Duration,
        listening: impl FnOnce(SocketAddr),
    ) -> Result<MessageReport, FogError> {
        self.run_client_at("127.0.0.1:0".parse().unwrap(), message, nodes, timeout, listening).await
    }

    /// Runs the client, which accepts any node. Calls `listening` with its address.
    pub(super) async fn run_client_at(
        &self,
        listen: SocketAddr,
        message: &[u8],
        nodes: u32,
        timeout: Duration,
        listening: impl FnOnce(SocketAddr),
    ) -> Result<MessageReport, FogError> {
        let request = ClientRequest {
            listen,
            identity: self.client.clone(),
            admission: PeerPolicy::Anyone,
            nodes,
            chunk: Some(4 << 20),
            key: key(),
            source: Source::spool(message, "the message".into(), self.directory.path()).unwrap(),
            out: self.path("client"),
            timeout,
            idle_timeout: Duration::from_secs(3),
        };
        let client = ListeningClient::start(request, 0, &SystemClock).await?;
        listening(client.listening.address);
        client.run(Observer::null(), &mut |_, _| {}, &self.stop).await
    }

    /// Runs the client together with `nodes`, which gets its address. The message must come back unchanged.
    pub(super) async fn with<T>(
        &self,
        message: &[u8],
        parts: u32,
        nodes: impl AsyncFnOnce(SocketAddr) -> T,
    ) -> (MessageReport, T) {
        let (sender, address) = tokio::sync::oneshot::channel();
        let client = self.run_client(message, parts, LONG, |address| sender.send(address).unwrap());
        let nodes = Box::pin(async { nodes(address.await.unwrap()).await });
        let (report, value) = tokio::join!(Box::pin(client), nodes);
        let report = report.unwrap();
        assert_eq!(std::fs::read(&report.file).unwrap(), message);
        (report, value)
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

    /// Runs an honest node. Returns what it did.
    pub(super) async fn node(&self, address: SocketAddr, identity: LinkIdentity, name: &str) -> Option<NodeOutcome> {
        let request = self.request(address, identity, name);
        let mut done = None;
        let outcome =
            run_node(&request, &SystemClock, Observer::null(), |outcome| done = Some(outcome.clone()), &self.stop)
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

    /// Connects as a node that the test controls.
    pub(super) async fn link(&self, address: SocketAddr, identity: &LinkIdentity) -> Link {
        self.dialer(identity.clone()).connect(&address.into()).await.unwrap()
    }

    /// Returns the names of all files of a party, in any depth, sorted.
    pub(super) fn files(&self, party: &str) -> Vec<String> {
        let (mut names, mut directories) = (Vec::new(), vec![self.path(party)]);
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else {
                    names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        names.sort();
        names
    }

    /// Waits until the client's journal has an event at least `times` times.
    pub(super) async fn until_journal_has(&self, name: &str, times: usize) {
        while self.journal().iter().filter(|event| event["event"] == name).count() < times {
            tokio::task::yield_now().await;
        }
    }

    /// Returns the events in the client's journal. The last line is skipped if it is incomplete.
    pub(super) fn journal(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.path("client").join("journal.jsonl")).unwrap();
        let complete = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        complete.map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
