//! A client and its nodes in one process, connected over the loopback interface.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::client::{ClientRequest, Listening, ListeningClient, MessageReport, files_for_nodes};
use super::error::FogError;
use super::node::{NodeRequest, run_node};
use super::protocol::FOG;
use super::source::Source;
use crate::crypto::{IdentityKey, KeyFingerprint, RsaPrivateKey};
use crate::foundation::clock::Clock;
use crate::foundation::observer::Observer;
use crate::wire::runtime::block_on;
use crate::wire::{AllowList, Dialer, LinkIdentity, PeerPolicy, PeerTrust, Timeouts};

/// How long client and nodes wait for each other.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A message to encrypt in one process.
pub struct InProcessRequest {
    /// The message.
    pub source: Source,
    /// Number of nodes, and of parts. At least 1.
    pub nodes: u32,
    /// Maximum number of message bytes in one token, 4,096 to 4,194,304; `None` for the default.
    pub chunk: Option<u32>,
    /// The key whose public part the nodes encrypt with.
    pub key: RsaPrivateKey,
    /// The output directory: the client writes to `client` in it, node i to `node-i`.
    pub out: PathBuf,
}

/// Has a message encrypted by nodes in this process, and reassembles it. Notices about nodes are not shown.
///
/// # Errors
/// As [`super::client`](fn@super::client). If a node fails for a reason other than its connection, its error.
pub fn run_in_process(
    request: InProcessRequest,
    clock: &dyn Clock,
    observer: Observer<'_>,
) -> Result<MessageReport, FogError> {
    let out = request.out.clone();
    // As many for the nodes as for the client. A node has up to five open: a connection, two files and their
    // directories; the client's base and spare files make up for the rest unless there are many nodes.
    let node_files = files_for_nodes(request.nodes);
    let nodes = (0..request.nodes).map(|_| identity()).collect::<Result<Vec<_>, _>>()?;
    let client = client_request(request, identity()?, &nodes)?;
    block_on(observer.cancel, async |stop| {
        let client = ListeningClient::start(client, node_files, clock).await?;
        let Listening { address, fingerprint, .. } = client.listening;
        // Stops the client and all nodes when one of them has ended the run.
        let stop = stop.child_token();
        let client = async {
            let outcome = client.run(observer.without_notices(), &mut |_, _| {}, &stop).await;
            stop.cancel();
            outcome
        };
        let nodes = nodes.into_iter().zip(1..).map(|(node, number)| {
            let request = node_request(address, node, fingerprint, &out, number);
            run_local_node(request, clock, &stop)
        });
        let (outcome, failures) = tokio::join!(client, join_all(nodes));
        // A node that fails stops the client, so its error is the cause of the client's.
        outcome.map_err(|error| failures.into_iter().flatten().next().unwrap_or(error))
    })
}

fn identity() -> Result<LinkIdentity, FogError> {
    Ok(LinkIdentity::new(&IdentityKey::generate()?)?)
}

fn client_request(
    request: InProcessRequest,
    identity: LinkIdentity,
    nodes: &[LinkIdentity],
) -> Result<ClientRequest, FogError> {
    let InProcessRequest { source, nodes: count, chunk, key, out } = request;
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
        idle_timeout: Timeouts::default().idle,
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

/// Runs one node. If it fails for a reason other than its connection, cancels `stop`, since no other node can replace
/// it, and returns the error.
async fn run_local_node(request: NodeRequest, clock: &dyn Clock, stop: &CancellationToken) -> Option<FogError> {
    let outcome = run_node(&request, clock, Observer::null(), |_| {}, stop).await;
    let failure = outcome.err().filter(|error| !matches!(error, FogError::Wire(_)))?;
    stop.cancel();
    Some(failure)
}
