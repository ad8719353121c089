//! Client and nodes in one process, over the loopback interface: the same code as the separate commands.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::client::{ClientRequest, Listening, for_nodes, run_client};
use super::error::FogError;
use super::node::{NodeRequest, work};
use super::protocol::FOG;
use super::report::Report;
use super::source::Source;
use crate::crypto::{IdentityKey, KeyFingerprint, RsaPrivateKey};
use crate::foundation::clock::Clock;
use crate::foundation::observer::{Cancelled, NullObserver, Observer, Stage};
use crate::wire::runtime::run as run_async;
use crate::wire::{AllowList, Dialer, LinkIdentity, PeerPolicy, PeerTrust, Timeouts};

/// How long anybody waits for another one in the same process.
const TIMEOUT: Duration = Duration::from_mins(1);

/// What to do in one process.
pub struct RunRequest {
    /// The message.
    pub source: Source,
    /// How many nodes.
    pub nodes: u32,
    /// How many bytes of it go into one token, at most, if that matters: 4,096 to 4,194,304.
    pub chunk: Option<u32>,
    /// The key that parts are encrypted under.
    pub key: RsaPrivateKey,
    /// The folder for the folders of all parties.
    pub out: PathBuf,
}

/// Has a message encrypted by nodes of this very process, and brings it back.
///
/// # Errors
/// As [`super::client`](fn@super::client).
pub fn run(request: RunRequest, clock: &dyn Clock, observer: &dyn Observer) -> Result<Report, FogError> {
    let out = request.out.clone();
    // Each node has a connection of its own, too, and works on two files in a folder.
    let for_others = for_nodes(request.nodes);
    let nodes = (0..request.nodes).map(|_| identity()).collect::<Result<Vec<_>, _>>()?;
    let client = client_request(request, identity()?, &nodes)?;
    let fingerprint = client.identity.fingerprint();
    run_async(observer, async |stop| {
        let (told, address) = oneshot::channel();
        let over = stop.child_token();
        let returning = async {
            let listening = |listening: &Listening| {
                // Nobody waits for it if the work has been stopped.
                let _told = told.send(listening.address);
            };
            let outcome = run_client(client, for_others, clock, &NoticesMuted(observer), listening, &over).await;
            over.cancel();
            outcome
        };
        let working = async {
            // Without an address, the client has failed and says why.
            let Ok(address) = address.await else { return Vec::new() };
            let requests = nodes.into_iter().zip(1..);
            let requests = requests.map(|(node, number)| node_request(address, node, fingerprint, &out, number));
            join_all(requests.map(|request| run_node(request, clock, &over))).await
        };
        let (outcome, failures) = tokio::join!(returning, working);
        // If the client was stopped since a node cannot work, that is what there is to tell.
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
    let enrolment = AllowList::new(nodes.iter().map(LinkIdentity::fingerprint), Vec::new())?;
    Ok(ClientRequest {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        identity,
        admission: PeerPolicy::Listed { allowed: enrolment, approver: None },
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

/// One node; what keeps it from working, where that is no matter of the link, ends the work of all: nobody else can come.
async fn run_node(request: NodeRequest, clock: &dyn Clock, over: &CancellationToken) -> Option<FogError> {
    let outcome = work(&request, clock, &NullObserver::default(), |_| {}, over).await;
    let failure = outcome.err().filter(|error| !matches!(error, FogError::Wire(_)))?;
    over.cancel();
    Some(failure)
}

/// Who comes and goes is no news where all are one process.
struct NoticesMuted<'o>(&'o dyn Observer);

impl Observer for NoticesMuted<'_> {
    fn begin(&self, stage: Stage, total: u64) {
        self.0.begin(stage, total);
    }

    fn advance(&self, units: u64) {
        self.0.advance(units);
    }

    fn end(&self) {
        self.0.end();
    }

    fn notice(&self, _: &str) {}

    fn check_cancelled(&self) -> Result<(), Cancelled> {
        self.0.check_cancelled()
    }
}
