//! The client: waits for nodes, gives each its part, takes the parts back, and puts the message together.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::chunk::PARTS_AT_ONCE;
use super::coordinator::Coordinator;
use super::error::FogError;
use super::files::Files;
use super::id::MessageId;
use super::journal::{DisplayPath, Event};
use super::message::Message;
use super::protocol::FOG;
use super::report::{PartReport, Report};
use super::source::Source;
use crate::crypto::{KeyFingerprint, RsaPrivateKey};
use crate::foundation::clock::Clock;
use crate::foundation::observer::Observer;
use crate::foundation::rlimit;
use crate::foundation::text::with_causes;
use crate::wire::runtime::run;
use crate::wire::{LinkIdentity, ListenOptions, Listener, ListenerLimits, PeerPolicy};

/// Files that are open whoever comes: journal, message, listener, and what the runtime needs.
const OPEN_FILES: u64 = 32;

/// Files for strangers and for nodes that come too many, at least.
const FEWEST: u64 = 16;

/// A message, and who is to encrypt it.
pub struct ClientRequest {
    /// Where nodes find the client; port 0 is any free one.
    pub listen: SocketAddr,
    /// By what they know it.
    pub identity: LinkIdentity,
    /// Which nodes may come.
    pub admission: PeerPolicy,
    /// How many parts the message has: each goes to a node of its own.
    pub nodes: u32,
    /// How many bytes of it go into one token, at most, if that matters: 4,096 to 4,194,304.
    pub chunk: Option<u32>,
    /// The key that parts are encrypted under.
    pub key: RsaPrivateKey,
    /// The message.
    pub source: Source,
    /// The folder for files.
    pub out: PathBuf,
    /// How long nodes are waited for, at the beginning and when one is lost.
    pub timeout: Duration,
    /// How long a node may say nothing.
    pub silence: Duration,
}

/// A client that nodes can come to.
#[derive(Debug, Clone)]
pub struct Listening {
    /// Where.
    pub address: SocketAddr,
    /// By what nodes know it.
    pub fingerprint: KeyFingerprint,
    /// What its message is called.
    pub message: MessageId,
    /// How long that is, in bytes.
    pub bytes: u64,
}

/// Has a message encrypted by nodes, part by part; decrypts, compares with what was sent, and writes it down. `listening` is
/// told where nodes find the client.
///
/// # Errors
/// [`FogError`]; then there is no file with the message.
pub fn client(
    request: ClientRequest,
    clock: &dyn Clock,
    observer: &dyn Observer,
    listening: impl FnOnce(&Listening),
) -> Result<Report, FogError> {
    run(observer, async |stop| run_client(request, 0, clock, observer, listening, &stop).await)
}

/// The same, inside of a runtime where so many files are for others.
pub(super) async fn run_client(
    request: ClientRequest,
    others: u64,
    clock: &dyn Clock,
    observer: &dyn Observer,
    listening: impl FnOnce(&Listening),
    stop: &CancellationToken,
) -> Result<Report, FogError> {
    let ClientRequest { listen, identity, admission, nodes, chunk, key, source, out, timeout, silence } = request;
    let limits = limits(nodes, silence, others)?;
    let files = Files::open(&out, clock)?;
    let message = Message::cut(source, nodes, chunk, key, &files)?;
    let (id, bytes, parts) = (message.id(), message.bytes(), nodes);

    let fingerprint = identity.fingerprint();
    let listener =
        Listener::start(ListenOptions { address: listen, identity, protocol: FOG, policy: admission, limits }).await?;
    let address = listener.address();
    listening(&Listening { address, fingerprint, message: id, bytes });
    files.record(&Event::Listening { address: address.to_string(), message: id.to_string(), bytes, parts })?;

    let coordinator = Coordinator::new(id, message.assignments(), &files, observer, timeout);
    let outcome = collect(message, coordinator.run(listener, stop), &files).await;
    if let Err(error) = &outcome {
        // The error counts, also where the journal cannot be written any more.
        drop(files.record(&Event::Failed { message: Some(id.to_string()), why: with_causes(error) }));
    }
    outcome
}

/// Makes one file of the message when its parts are back.
async fn collect(
    message: Message,
    parts: impl Future<Output = Result<Vec<PartReport>, FogError>>,
    files: &Files<'_>,
) -> Result<Report, FogError> {
    let (id, bytes, parts) = (message.id(), message.bytes(), parts.await?);
    let file = message.keep().await?;
    files.record(&Event::Reassembled { message: id.to_string(), bytes, file: DisplayPath(&file) })?;
    Ok(Report { message: id, bytes, file, parts })
}

/// Room for each node, for some that come too many, for those that come back before it is noticed that they were gone, and for
/// strangers; of the last three, there are fewer where few files can be open.
fn limits(nodes: u32, silence: Duration, others: u64) -> Result<ListenerLimits, FogError> {
    let spare = FEWEST.saturating_add(rlimit::require(OPEN_FILES + FEWEST + for_nodes(nodes) + others)?);
    let spare = usize::try_from(spare / 2).unwrap_or(usize::MAX / 2);
    let usual = ListenerLimits::default();
    let timeouts = crate::wire::Timeouts { idle: silence, ..usual.timeouts };
    let nodes = nodes as usize;
    Ok(ListenerLimits {
        handshakes: usual.handshakes.min(spare),
        links: usual.links.max(2 * nodes).min(nodes.saturating_add(spare)),
        timeouts,
    })
}

/// How many files may be open for so many nodes: a connection to each and, for those that are at work, a file with tokens and
/// its folder.
pub(super) fn for_nodes(nodes: u32) -> u64 {
    u64::from(nodes) + 2 * u64::from(nodes.min(PARTS_AT_ONCE))
}
