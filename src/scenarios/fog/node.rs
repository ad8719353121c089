//! The node: finds the client, encrypts the part that it is given, and is done, or stays for more.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::error::FogError;
use super::files::Files;
use super::id::MessageId;
use super::journal::Event;
use super::protocol::{FromClient, FromNode, PartHead};
use super::work::Work;
use crate::crypto::RsaPublicKey;
use crate::foundation::clock::Clock;
use crate::foundation::observer::{Observer, Stopped};
use crate::wire::dialer::pause;
use crate::wire::runtime::run;
use crate::wire::{Dialer, Link, PeerAddress, WireError};

/// How long a part that was accepted may still take when the node is to end.
const DRAIN: Duration = Duration::from_secs(10);

/// Whom to work for.
pub struct NodeRequest {
    /// Where the client is.
    pub address: PeerAddress,
    /// What reaches it.
    pub dialer: Dialer,
    /// The folder for files.
    pub out: PathBuf,
    /// Whether to stay when a part is done.
    pub stay: bool,
    /// How long a client is looked for; one that stays looks for ever.
    pub timeout: Duration,
}

/// What a node has done for a client.
#[derive(Debug, Clone)]
pub enum NodeOutcome {
    /// A part, which the client has accepted.
    Done {
        /// Of which message.
        message: MessageId,
        /// Its number, from 1.
        part: u32,
        /// Of how many.
        parts: u32,
        /// Its length in bytes.
        bytes: u64,
        /// The file with its tokens.
        file: PathBuf,
    },
    /// Nothing: others did all of it.
    NotNeeded,
}

/// Works for the client: one part, or, if it is to stay, whatever comes until the observer wants an end. `done` is told of all
/// that is done.
///
/// # Errors
/// [`FogError`]. A node that stays ends well when it is stopped.
pub fn node(
    request: &NodeRequest,
    clock: &dyn Clock,
    observer: &dyn Observer,
    done: impl FnMut(&NodeOutcome),
) -> Result<(), FogError> {
    run(observer, async |stop| work(request, clock, observer, done, &stop).await)
}

/// The same, inside of a runtime.
pub(super) async fn work(
    request: &NodeRequest,
    clock: &dyn Clock,
    observer: &dyn Observer,
    mut done: impl FnMut(&NodeOutcome),
    stop: &CancellationToken,
) -> Result<(), FogError> {
    let files = Files::open(&request.out, clock)?;
    let mut node = Node { request, files, observer, stop, since: Instant::now(), told: String::new() };
    let mut failures = 0;
    loop {
        let outcome = node.seek_and_serve(&mut done).await;
        match outcome {
            Ok(()) if !request.stay => return Ok(()),
            // The next client is hardly there at once.
            Ok(()) => failures = 1,
            Err(_) if request.stay && stop.is_cancelled() => return Ok(()),
            Err(error) if !stop.is_cancelled() && node.may_try_again(&error) => {
                failures += 1;
                node.tell(&error);
            }
            Err(error) => return Err(error),
        }
        stop.run_until_cancelled(sleep(pause(failures))).await;
    }
}

struct Node<'n> {
    request: &'n NodeRequest,
    files: Files<'n>,
    observer: &'n dyn Observer,
    stop: &'n CancellationToken,
    /// Since when a client is looked for.
    since: Instant,
    /// What was told last.
    told: String,
}

impl Node<'_> {
    fn deadline(&self) -> Option<Instant> {
        (!self.request.stay).then(|| self.since + self.request.timeout)
    }

    /// Who stays may be enrolled later, and waits for the right client where another one, or an impostor, is now.
    fn may_try_again(&self, error: &FogError) -> bool {
        let FogError::Wire(WireError::NotEnrolled { .. } | WireError::Changed { .. }) = error else {
            return error.may_pass() && self.deadline().is_none_or(|deadline| Instant::now() < deadline);
        };
        self.request.stay
    }

    /// Says what went wrong, unless that is what went wrong the last time.
    fn tell(&mut self, error: &dyn std::fmt::Display) {
        let text = error.to_string();
        if self.told != text {
            self.observer.notice(&format!("{text}; trying again and again"));
            self.told = text;
        }
    }

    /// Finds the client and serves it until it, or this node, has had enough.
    async fn seek_and_serve(&mut self, done: &mut impl FnMut(&NodeOutcome)) -> Result<(), FogError> {
        let NodeRequest { address, dialer, .. } = self.request;
        let (deadline, stop) = (self.deadline(), self.stop);
        let mut link = dialer.connect_patiently(address, deadline, stop, |error| self.tell(error)).await?;
        let client = link.fingerprint().to_string();
        self.files.record(&Event::Connected { client, address: address.as_str() })?;
        self.observer.notice(&format!("connected to {address}"));
        let outcome = self.serve(&mut link, done).await;
        if let Err(error) = &outcome {
            self.files.record(&Event::Failed { why: error.to_string() })?;
        }
        drop(link.sender.close().await);
        outcome
    }

    async fn serve(&mut self, link: &mut Link, done: &mut impl FnMut(&NodeOutcome)) -> Result<(), FogError> {
        let mut has_done = false;
        loop {
            let said = self.stop.run_until_cancelled(link.receiver.receive()).await.ok_or(Stopped)?;
            let outcome = match said? {
                (FromClient::Wait, _) => {
                    // It is found, and will be looked for anew when it is lost.
                    self.since = Instant::now();
                    self.told.clear();
                    link.sender.send(&FromNode::Here, b"").await?;
                    continue;
                }
                (FromClient::Part(head), key) => self.serve_part(link, head, &key).await?,
                (FromClient::Rest, _) if has_done => return Ok(()),
                (FromClient::Rest, _) => {
                    self.files.record(&Event::NotNeeded { client: link.fingerprint().to_string() })?;
                    done(&NodeOutcome::NotNeeded);
                    return Ok(());
                }
                (FromClient::Twin, _) => return Err(self.twin(link)),
                (FromClient::Rejected, _) => return Err(rejected(link)),
                (FromClient::Piece | FromClient::Accepted, _) => return Err(link.receiver.malformed().into()),
            };
            done(&outcome);
            has_done = true;
            if !self.request.stay {
                return Ok(());
            }
        }
    }

    /// One part. A node that is to end brings it to its end first, if that does not take long.
    async fn serve_part(&self, link: &mut Link, head: PartHead, key: &[u8]) -> Result<NodeOutcome, FogError> {
        let drained = async {
            self.stop.cancelled().await;
            sleep(DRAIN).await;
        };
        let outcome = tokio::select! {
            outcome = self.encrypt(link, head, key) => outcome,
            () = drained => Err(Stopped.into()),
        };
        if let Err(error) = &outcome
            && !matches!(error, FogError::Wire(_) | FogError::Rejected { .. })
        {
            drop(link.sender.send(&FromNode::Unable, b"").await);
        }
        outcome
    }

    async fn encrypt(&self, link: &mut Link, head: PartHead, key: &[u8]) -> Result<NodeOutcome, FogError> {
        if !head.is_sound() {
            return Err(link.receiver.malformed().into());
        }
        let bad = |error: crate::crypto::KeyError| FogError::BadKey {
            client: link.peer().to_owned(),
            reason: error.to_string(),
        };
        let key = Arc::new(RsaPublicKey::from_spki(key).map_err(bad)?);
        let PartHead { message, part, parts, length: bytes, .. } = head;
        let (name, client) = (message.to_string(), link.fingerprint().to_string());
        self.files.record(&Event::Assigned { message: name.clone(), part, parts, bytes, client: client.clone() })?;
        let files = self.files.message(message, &key)?;
        let written = Work { head, key, files }.carry_out(link).await?;
        let (part_file, file) = (written.part.as_path(), written.tokens.as_path());
        self.files.record(&Event::Encrypted { message: name.clone(), part, parts, part_file, file })?;
        match link.receiver.receive().await? {
            (FromClient::Accepted, _) => {
                self.files.record(&Event::Accepted { message: name, part, parts, client })?;
                Ok(NodeOutcome::Done { message, part, parts, bytes, file: written.tokens })
            }
            (FromClient::Rejected, _) => Err(rejected(link)),
            _ => Err(link.receiver.malformed().into()),
        }
    }

    fn twin(&self, link: &Link) -> FogError {
        FogError::Twin { client: link.peer().into(), own: self.request.dialer.identity.fingerprint() }
    }
}

fn rejected(link: &Link) -> FogError {
    FogError::Rejected { client: link.peer().into() }
}
