//! The client: splits a message, has its parts encrypted by nodes, and reassembles what comes back.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::coordinator::{Coordinator, OnRefused};
use super::error::FogError;
use super::files::Files;
use super::journal::Event;
use super::message::{Message, PartReport};
use super::part::{MessageId, PARTS_AT_ONCE};
use super::protocol::FOG;
use super::source::Source;
use crate::crypto::{KeyFingerprint, RsaPrivateKey};
use crate::foundation::clock::Clock;
use crate::foundation::observer::Observer;
use crate::foundation::rlimit;
use crate::foundation::text::with_causes;
use crate::wire::runtime::block_on;
use crate::wire::{LinkIdentity, ListenOptions, Listener, ListenerLimits, PeerPolicy, Timeouts};

/// Open files that a client needs without any node: journal, message, listener, and the runtime's own.
const BASE_FILES: u64 = 32;

/// Minimum number of open files for pending handshakes and for surplus nodes.
const MIN_SPARE_FILES: u64 = 16;

/// A message, and the nodes that may encrypt it.
pub struct ClientRequest {
    /// The address to listen on. Port 0 means any free port.
    pub listen: SocketAddr,
    /// The client's identity.
    pub identity: LinkIdentity,
    /// Which nodes may connect.
    pub admission: PeerPolicy,
    /// Number of parts, each encrypted by a different node. At least 1.
    pub nodes: u32,
    /// Maximum number of message bytes in one token, 4,096 to 4,194,304; `None` for the default.
    pub chunk: Option<u32>,
    /// The key whose public part the nodes encrypt with.
    pub key: RsaPrivateKey,
    /// The message.
    pub source: Source,
    /// The directory for all files.
    pub out: PathBuf,
    /// How long to wait for nodes, at the start and whenever a part has none.
    pub timeout: Duration,
    /// How long a node may be silent.
    pub idle_timeout: Duration,
}

/// An event that the caller of a client may want to show.
#[derive(Debug, Clone, Copy)]
pub enum ClientEvent<'e> {
    /// Nodes can connect.
    Listening(&'e Listening),
    /// A node was refused because it is not on the allow list. Sent once for each node, for a limited number of nodes.
    Refused {
        /// The node's address.
        from: &'e str,
        /// The node's fingerprint.
        node: KeyFingerprint,
    },
}

/// A client that nodes can connect to.
#[derive(Debug, Clone)]
pub struct Listening {
    /// The address that it listens on.
    pub address: SocketAddr,
    /// The fingerprint of its identity.
    pub fingerprint: KeyFingerprint,
    /// The name of its message.
    pub message: MessageId,
    /// The message's length in bytes.
    pub bytes: u64,
}

/// A message that was encrypted by nodes, decrypted, and found unchanged.
#[derive(Debug, Clone)]
pub struct MessageReport {
    /// The message's name.
    pub message: MessageId,
    /// Its length in bytes.
    pub bytes: u64,
    /// The file with the reassembled message.
    pub file: PathBuf,
    /// Its parts in order.
    pub parts: Vec<PartReport>,
}

/// Has a message encrypted by nodes, part by part; decrypts the tokens, compares them with what was sent, and writes
/// the message to a file.
///
/// # Errors
/// [`FogError`] if the address, the files or the message cannot be used, if too few nodes connect in time, or if the
/// observer cancels. Then there is no file with the message.
pub fn client(
    request: ClientRequest,
    clock: &dyn Clock,
    observer: Observer<'_>,
    mut on_event: impl FnMut(ClientEvent<'_>),
) -> Result<MessageReport, FogError> {
    block_on(observer.cancel, async |stop| {
        let client = ListeningClient::start(request, 0, clock).await?;
        on_event(ClientEvent::Listening(&client.listening));
        client.run(observer, &mut |from: &str, node| on_event(ClientEvent::Refused { from, node }), &stop).await
    })
}

/// A client that nodes can connect to, but that does not handle their links yet.
pub(super) struct ListeningClient<'c> {
    pub(super) listening: Listening,
    listener: Listener,
    message: Message,
    files: Files<'c>,
    timeout: Duration,
}

impl<'c> ListeningClient<'c> {
    /// Starts to listen, in a process that needs `other_files` more open files.
    pub(super) async fn start(
        request: ClientRequest,
        other_files: u64,
        clock: &'c dyn Clock,
    ) -> Result<Self, FogError> {
        let ClientRequest { listen, identity, admission, nodes, chunk, key, source, out, timeout, idle_timeout } =
            request;
        let limits = limits(nodes, idle_timeout, other_files)?;
        let files = Files::open(&out, clock)?;
        let bytes = source.length();
        let message = Message::new(source, nodes, chunk, key, &files)?;
        let fingerprint = identity.fingerprint();
        let options = ListenOptions { address: listen, identity, protocol: FOG, policy: admission, limits };
        let listener = Listener::start(options).await?;
        let listening = Listening { address: listener.address(), fingerprint, message: message.id, bytes };
        Ok(Self { listening, listener, message, files, timeout })
    }

    /// Has the message encrypted by the nodes that connect.
    pub(super) async fn run(
        self,
        observer: Observer<'_>,
        on_refused: OnRefused<'_>,
        stop: &CancellationToken,
    ) -> Result<MessageReport, FogError> {
        let Self { listening, listener, message, files, timeout } = self;
        let Listening { address, message: id, bytes, .. } = listening;
        let (address, name, parts) = (address.to_string(), id.to_string(), message.assignments.len() as u32);
        files.record(&Event::Listening { address, message: name.clone(), bytes, parts })?;
        let outcome = async {
            let coordinator = Coordinator::new(&message, &files, observer, timeout, on_refused);
            let parts = coordinator.run(listener, stop).await?;
            let file = message.commit().await?;
            let path = file.display().to_string();
            files.record(&Event::Reassembled { message: name.clone(), bytes, file: path })?;
            Ok::<_, FogError>(MessageReport { message: id, bytes, file, parts })
        };
        outcome.await.inspect_err(|error| {
            // If the journal cannot be written either, the first error is still the one to report.
            let _ = files.record(&Event::Failed { message: Some(name), why: with_causes(error) });
        })
    }
}

/// Returns limits with a link for each node, and spare ones for surplus nodes, for nodes that reconnect before their
/// loss is noticed, and for handshakes. The number of spare links depends on the limit of open files.
fn limits(nodes: u32, idle_timeout: Duration, other_files: u64) -> Result<ListenerLimits, FogError> {
    let needed = BASE_FILES + MIN_SPARE_FILES + files_for_nodes(nodes) + other_files;
    let spare = MIN_SPARE_FILES.saturating_add(rlimit::require(needed)?);
    let spare = (spare / 2) as usize;
    let default = ListenerLimits::default();
    let nodes = nodes as usize;
    Ok(ListenerLimits {
        handshakes: default.handshakes.min(spare),
        links: default.links.max(2 * nodes).min(nodes.saturating_add(spare)),
        timeouts: Timeouts { idle: idle_timeout, ..default.timeouts },
    })
}

/// Returns the number of files that are open for `nodes` nodes: a connection each and, for those with a part, a token
/// file and its directory.
pub(super) fn files_for_nodes(nodes: u32) -> u64 {
    u64::from(nodes) + 2 * u64::from(nodes.min(PARTS_AT_ONCE))
}
