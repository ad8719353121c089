//! The node: finds the client, encrypts the part that it is given, and is done, or stays for more.

mod service;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::error::FogError;
use super::files::Files;
use super::id::MessageId;
use super::journal::Event;
use crate::foundation::clock::Clock;
use crate::foundation::observer::Observer;
use crate::foundation::text::with_causes;
use crate::wire::dialer::retry_delay;
use crate::wire::runtime::run;
use crate::wire::{Dialer, PeerAddress, WireError};

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
    let mut node = Node { request, files, observer, stop, since: Instant::now(), told: String::new(), was_in: false };
    let mut failures = 0;
    loop {
        let outcome = node.connect_and_serve(&mut done).await;
        match outcome {
            Ok(()) if !request.stay => return Ok(()),
            // The next client is hardly there at once.
            Ok(()) => failures = 1,
            Err(_) if request.stay && stop.is_cancelled() => return Ok(()),
            Err(error) if !stop.is_cancelled() && node.may_try_again(&error) => {
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
    observer: &'n dyn Observer,
    stop: &'n CancellationToken,
    /// Since when a client is looked for.
    since: Instant,
    /// What was told last.
    told: String,
    /// Whether the client has given it something to do, if only to wait.
    was_in: bool,
}

impl Node<'_> {
    fn deadline(&self) -> Option<Instant> {
        (!self.request.stay).then(|| self.since + self.request.timeout)
    }

    /// Who stays is ended by no client: the next one may be right, and take it in, and fit on the disk.
    fn may_try_again(&self, error: &FogError) -> bool {
        use WireError::{Identity, PeerList, UntrustedKey};
        if self.request.stay {
            return !matches!(error, FogError::Wire(UntrustedKey { .. } | PeerList { .. } | Identity(_)));
        }
        error.may_pass() && self.deadline().is_none_or(|deadline| Instant::now() < deadline)
    }

    /// Says what went wrong, unless that is what went wrong the last time.
    fn report(&mut self, error: &dyn Error) {
        let text = with_causes(error);
        if self.told != text {
            self.observer.notice(&format!("{text}; trying again and again"));
            self.told = text;
        }
    }

    /// Finds the client and serves it until it, or this node, has had enough.
    async fn connect_and_serve(&mut self, done: &mut impl FnMut(&NodeOutcome)) -> Result<(), FogError> {
        let NodeRequest { address, dialer, .. } = self.request;
        let (deadline, stop) = (self.deadline(), self.stop);
        let mut link = dialer.connect_with_retry(address, deadline, stop, |error| self.report(error)).await?;
        self.was_in = false;
        let outcome = self.serve(&mut link, done).await;
        if self.was_in {
            // It was found, and is looked for anew.
            self.since = Instant::now();
        }
        if let Err(error) = &outcome {
            let why = with_causes(error);
            if self.told != why {
                // The error counts, also where the journal cannot be written any more.
                drop(self.files.record(&Event::Failed { message: None, why }));
            }
        }
        drop(link.sender.close().await);
        outcome
    }
}
