//! A client and its nodes in one process, connected over the loopback interface.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::client::{ClientEvent, ClientRequest, Report, files_for_nodes, run_client};
use super::error::FogError;
use super::node::{NodeRequest, run_node};
use super::protocol::FOG;
use super::source::Source;
use crate::crypto::{IdentityKey, KeyFingerprint, RsaPrivateKey};
use crate::foundation::clock::Clock;
use crate::foundation::observer::Observer;
use crate::wire::runtime::run as run_async;
use crate::wire::{AllowList, Dialer, LinkIdentity, PeerPolicy, PeerTrust, Timeouts};

/// How long client and nodes wait for each other.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A message to encrypt in one process.
pub struct RunRequest {
    /// The message.
    pub source: Source,
    /// Number of nodes, and of parts. At least 1.
    pub nodes: u32,
    /// Maximum number of message bytes in one token, 4,096 to 4,194,304; `None` for the default.
    pub chunk: Option<u32>,
    /// The key whose public part the nodes encrypt with.
    pub key: RsaPrivateKey,
    /// The directory for the directories of client and nodes.
    pub out: PathBuf,
}

/// Has a message encrypted by nodes in this process, and reassembles it.
///
/// # Errors
/// As [`super::client`](fn@super::client), and the error of a node that cannot work.
pub fn run(request: RunRequest, clock: &dyn Clock, observer: Observer<'_>) -> Result<Report, FogError> {
    let out = request.out.clone();
    // A node has a connection, too, and writes two files in a directory.
    let node_files = files_for_nodes(request.nodes);
    let nodes = (0..request.nodes).map(|_| identity()).collect::<Result<Vec<_>, _>>()?;
    let client = client_request(request, identity()?, &nodes)?;
    let fingerprint = client.identity.fingerprint();
    run_async(observer.cancel, async |stop| {
        let (sender, address) = oneshot::channel();
        let done = stop.child_token();
        let client = async {
            let mut sender = Some(sender);
            let on_event = move |event: ClientEvent<'_>| {
                if let ClientEvent::Listening(listening) = event
                    && let Some(sender) = sender.take()
                {
                    // The nodes may have been cancelled already.
                    let _ = sender.send(listening.address);
                }
            };
            // It is no news that nodes of the same process connect and leave.
            let observer = observer.without_notices();
            let outcome = run_client(client, node_files, clock, observer, on_event, &done).await;
            done.cancel();
            outcome
        };
        let nodes = async {
            // Without an address, the client has failed and returns the error.
            let Ok(address) = address.await else { return Vec::new() };
            let requests = nodes.into_iter().zip(1..);
            let requests = requests.map(|(node, number)| node_request(address, node, fingerprint, &out, number));
            join_all(requests.map(|request| join_client(request, clock, &done))).await
        };
        let (outcome, failures) = tokio::join!(client, nodes);
        // If the client was cancelled because a node failed, the node's error is the cause.
        outcome.map_err(|error| failures.into_iter().flatten().next().unwrap_or(error))
    })
}

fn identity() -> Result<LinkIdentity, FogError> {
    Ok(LinkIdentity::new(&IdentityKey::generate()?)?)
}

fn client_request(
    request: RunRequest,
    identity: LinkIdentity,
    nodes: &[LinkIdentity],
) -> Result<ClientRequest, FogError> {
    let RunRequest { source, nodes: count, chunk, key, out } = request;
    let allowed = AllowList::new(nodes.iter().map(LinkIdentity::fingerprint), Vec::new())?;
    Ok(ClientRequest {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        identity,
        admission: PeerPolicy::Listed { allowed, approver: None },
        nodes: count,
        chunk,
        key,
        source,
        out: out.join("client"),
        timeout: TIMEOUT,
        silence: Timeouts::default().idle,
    })
}

fn node_request(
    address: SocketAddr,
    identity: LinkIdentity,
    client: KeyFingerprint,
    out: &Path,
    number: u32,
) -> NodeRequest {
    let dialer = Dialer { identity, protocol: FOG, trust: PeerTrust::Pinned(client), timeouts: Timeouts::default() };
    NodeRequest {
        address: address.into(),
        dialer,
        out: out.join(format!("node-{number}")),
        stay: false,
        timeout: TIMEOUT,
    }
}

/// Runs one node. If it fails for another reason than its link, it cancels all others, since no other node can replace
/// it.
async fn join_client(request: NodeRequest, clock: &dyn Clock, done: &CancellationToken) -> Option<FogError> {
    let outcome = run_node(&request, clock, Observer::null(), |_| {}, done).await;
    let failure = outcome.err().filter(|error| !matches!(error, FogError::Wire(_)))?;
    done.cancel();
    Some(failure)
}
