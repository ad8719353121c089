//! The node: connects to a client, encrypts the part that it is assigned, and ends, or stays for more.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::error::FogError;
use super::files::Files;
use super::journal::{Event, RepeatedNotice};
use super::part::{MessageId, PartHead};
use super::part_encryption::PartEncryption;
use super::protocol::{FromClient, FromNode};
use crate::crypto::{KeyError, RsaPublicKey};
use crate::foundation::clock::Clock;
use crate::foundation::observer::{Cancelled, Observer};
use crate::foundation::text::with_causes;
use crate::wire::dialer::retry_delay;
use crate::wire::runtime::block_on;
use crate::wire::{Dialer, Link, PeerAddress, WireError};

/// How long a node that is stopped may take to finish its part.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// The client to work for.
pub struct NodeRequest {
    /// The client's address.
    pub address: PeerAddress,
    /// Connects to the client.
    pub dialer: Dialer,
    /// The directory for all files.
    pub out: PathBuf,
    /// Whether to stay connected after a part, and to reconnect whatever happens, until stopped.
    pub stay: bool,
    /// How long to try to connect. Ignored if the node stays.
    pub timeout: Duration,
}

/// What a node has done for a client.
#[derive(Debug, Clone)]
pub enum NodeOutcome {
    /// It encrypted a part, which the client accepted.
    Done {
        /// The message's name.
        message: MessageId,
        /// The part's number, from 1.
        part: u32,
        /// Number of parts of the message.
        parts: u32,
        /// The part's length in bytes.
        bytes: u64,
        /// The file with the part's tokens.
        file: PathBuf,
    },
    /// Other nodes encrypted all parts.
    NotNeeded,
}

/// Works for a client: encrypts one part or, if the node stays, any number of parts until the observer cancels. Calls
/// `on_outcome` with each outcome.
///
/// # Errors
/// [`FogError`] if the client cannot be reached in time or is not trusted, if it rejects this node, or if a file cannot
/// be written. A node that stays ends without an error when it is cancelled.
pub fn node(
    request: &NodeRequest,
    clock: &dyn Clock,
    observer: Observer<'_>,
    on_outcome: impl FnMut(&NodeOutcome),
) -> Result<(), FogError> {
    block_on(observer.cancel, async |stop| run_node(request, clock, observer, on_outcome, &stop).await)
}

/// Runs [`node`] inside a runtime.
pub(super) async fn run_node(
    request: &NodeRequest,
    clock: &dyn Clock,
    observer: Observer<'_>,
    mut on_outcome: impl FnMut(&NodeOutcome),
    stop: &CancellationToken,
) -> Result<(), FogError> {
    let files = Files::open(&request.out, clock)?;
    let (notice, searching_since) = (RepeatedNotice::default(), Instant::now());
    let mut node = Node { request, files, observer, stop, searching_since, notice, is_in_use: false };
    let mut failures = 0;
    loop {
        match node.connect_and_serve(&mut on_outcome).await {
            Ok(()) if !request.stay => return Ok(()),
            // The next client is unlikely to be there at once.
            Ok(()) => failures = 1,
            Err(_) if request.stay && stop.is_cancelled() => return Ok(()),
            Err(error) if !stop.is_cancelled() && node.should_retry(&error) => {
                failures += 1;
                node.report(&error);
            }
            Err(error) => return Err(error),
        }
        stop.run_until_cancelled(sleep(retry_delay(failures))).await;
    }
}

struct Node<'n> {
    request: &'n NodeRequest,
    files: Files<'n>,
    observer: Observer<'n>,
    stop: &'n CancellationToken,
    /// The start of the current search for a client.
    searching_since: Instant,
    notice: RepeatedNotice,
    /// Whether the client has sent a ping or a part over the current link.
    is_in_use: bool,
}

impl Node<'_> {
    fn deadline(&self) -> Option<Instant> {
        (!self.request.stay).then(|| self.searching_since + self.request.timeout)
    }

    /// Returns whether to connect again after this error. A node that stays does so after nearly all errors: the next
    /// client may have the right key, accept the node, and send a part that fits on the disk.
    fn should_retry(&self, error: &FogError) -> bool {
        use WireError::{Identity, PeerList, UntrustedKey};
        if self.request.stay {
            return !matches!(error, FogError::Wire(UntrustedKey { .. } | PeerList { .. } | Identity(_)));
        }
        error.is_transient() && self.deadline().is_none_or(|deadline| Instant::now() < deadline)
    }

    fn report(&mut self, error: &dyn Error) {
        self.notice.show(self.observer, with_causes(error), "trying again");
    }

    /// Connects to the client and serves it until either side ends the link.
    async fn connect_and_serve(&mut self, on_outcome: &mut impl FnMut(&NodeOutcome)) -> Result<(), FogError> {
        let NodeRequest { address, dialer, .. } = self.request;
        let (deadline, stop) = (self.deadline(), self.stop);
        let mut link = dialer.connect_with_retry(address, deadline, stop, |error| self.report(error)).await?;
        self.is_in_use = false;
        let outcome = self.serve(&mut link, on_outcome).await;
        if self.is_in_use {
            // The client was found, so a new search starts.
            self.searching_since = Instant::now();
        }
        if let Err(error) = &outcome {
            let why = with_causes(error);
            if !self.notice.repeats(&why) {
                // If the journal cannot be written either, the first error is still the one to report.
                let _ = self.files.record(&Event::Failed { message: None, why });
            }
        }
        let _ = link.sender.close().await;
        outcome
    }

    async fn serve(&mut self, link: &mut Link, on_outcome: &mut impl FnMut(&NodeOutcome)) -> Result<(), FogError> {
        let mut has_served = false;
        loop {
            let message = self.stop.run_until_cancelled(link.receiver.receive()).await.ok_or(Cancelled)?;
            let outcome = match message? {
                (FromClient::Ping, _) => {
                    self.set_in_use(link)?;
                    link.sender.send(&FromNode::Pong, b"").await?;
                    continue;
                }
                (FromClient::Part(head), key) => {
                    self.set_in_use(link)?;
                    self.serve_part(link, head, &key).await?
                }
                (FromClient::Done, _) if has_served => return Ok(()),
                (FromClient::Done, _) => {
                    self.files.record(&Event::NotNeeded { client: link.fingerprint().to_string() })?;
                    on_outcome(&NodeOutcome::NotNeeded);
                    return Ok(());
                }
                (FromClient::Duplicate, _) => {
                    let own = self.request.dialer.identity.fingerprint();
                    return Err(FogError::Duplicate { client: link.peer().into(), own });
                }
                (FromClient::Rejected, _) => return Err(rejected(link)),
                (FromClient::Data | FromClient::Accepted, _) => return Err(link.receiver.protocol_violation().into()),
            };
            on_outcome(&outcome);
            has_served = true;
            if !self.request.stay {
                return Ok(());
            }
        }
    }

    /// Records and reports, once for each link, that the client has accepted this node.
    fn set_in_use(&mut self, link: &Link) -> Result<(), FogError> {
        if !std::mem::replace(&mut self.is_in_use, true) {
            let (client, address) = (link.fingerprint().to_string(), self.request.address.as_str());
            self.files.record(&Event::Connected { client, address })?;
            self.observer.notice(&format!("connected to {address}"));
            self.notice.reset();
        }
        Ok(())
    }

    /// Serves one part. If the node is stopped meanwhile, it has [`DRAIN_TIMEOUT`] to finish.
    async fn serve_part(&self, link: &mut Link, head: PartHead, key: &[u8]) -> Result<NodeOutcome, FogError> {
        let drained = async {
            self.stop.cancelled().await;
            sleep(DRAIN_TIMEOUT).await;
        };
        let outcome = tokio::select! {
            outcome = self.encrypt(link, head, key) => outcome,
            () = drained => Err(Cancelled.into()),
        };
        if let Err(error) = &outcome
            && !matches!(error, FogError::Wire(_) | FogError::Rejected { .. })
        {
            let _ = link.sender.send(&FromNode::Failed, b"").await;
        }
        outcome
    }

    async fn encrypt(&self, link: &mut Link, head: PartHead, key: &[u8]) -> Result<NodeOutcome, FogError> {
        let bad_key = |error: KeyError| FogError::BadKey { client: link.peer().to_owned(), reason: error.to_string() };
        let key = Arc::new(RsaPublicKey::from_spki(key).map_err(bad_key)?);
        let (message, part, parts, bytes) = (head.message, head.part, head.parts, head.length);
        let (name, client) = (message.to_string(), link.fingerprint().to_string());
        self.files.record(&Event::Assigned { message: name.clone(), part, parts, bytes, client: client.clone() })?;
        let files = self.files.message(message, &key)?;
        let written = PartEncryption { head, key, files }.run(link).await?;
        let (part_file, file) = (written.part.display().to_string(), written.tokens.display().to_string());
        self.files.record(&Event::Encrypted { message: name.clone(), part, parts, part_file, file })?;
        match link.receiver.receive().await? {
            (FromClient::Accepted, _) => {
                self.files.record(&Event::Accepted { message: name, part, parts, client })?;
                Ok(NodeOutcome::Done { message, part, parts, bytes, file: written.tokens })
            }
            (FromClient::Rejected, _) => Err(rejected(link)),
            _ => Err(link.receiver.protocol_violation().into()),
        }
    }
}

fn rejected(link: &Link) -> FogError {
    FogError::Rejected { client: link.peer().into() }
}
