//! Taking in connections: handshake, admission, greeting.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::admission_reply::{AdmissionReply, KEEPALIVE_INTERVAL};
use super::error::WireError;
use super::event::{ListenerEvent, ListenerLimits};
use super::handshakes::PendingHandshakes;
use super::link::Link;
use super::peer_policy::{AllowList, ApprovalRequest, Approver, PeerPolicy};
use super::runtime::blocking;
use super::socket::prepare;
use super::tls::{Timeouts, accept_over};
use crate::crypto::KeyFingerprint;
use crate::foundation::observer::Cancelled;

/// Those about whom somebody is to be asked, at once.
const MAX_PENDING_APPROVALS: usize = 16;

/// How long it takes a person to see that a question is over.
const REACTION_TIME: Duration = Duration::from_secs(3);

/// What all connections of a listener have in common.
pub(super) struct Acceptor {
    tls: TlsAcceptor,
    policy: PeerPolicy,
    patience: Timeouts,
    handshakes: PendingHandshakes,
    links: Arc<Semaphore>,
    /// One question at a time.
    approval_lock: Arc<Mutex<()>>,
    pending_approvals: Semaphore,
    /// One look into the lists at a time, however many knock.
    lookup_lock: Mutex<()>,
    events: mpsc::Sender<ListenerEvent>,
    stop: CancellationToken,
}

impl Acceptor {
    pub(super) fn new(
        tls: TlsAcceptor,
        admission: PeerPolicy,
        limits: ListenerLimits,
        arrivals: mpsc::Sender<ListenerEvent>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            tls,
            policy: admission,
            patience: limits.patience,
            handshakes: PendingHandshakes::new(limits.handshakes),
            links: Arc::new(Semaphore::new(limits.links)),
            approval_lock: Arc::default(),
            pending_approvals: Semaphore::new(MAX_PENDING_APPROVALS),
            lookup_lock: Mutex::default(),
            events: arrivals,
            stop,
        }
    }

    /// Takes in whoever comes, until it is stopped.
    pub(super) async fn accept_loop(self: Arc<Self>, listener: TcpListener) {
        let guests = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, address)) => {
                    let (door, stop) = (Arc::clone(&self), self.stop.clone());
                    let guest = async move { stop.run_until_cancelled(door.accept(socket, address)).await };
                    self.handshakes.add(guests.spawn(guest).abort_handle());
                }
                // No more files can be open, say: strangers make room.
                Err(_) => {
                    self.handshakes.abort_oldest();
                    sleep(Duration::from_millis(20)).await;
                }
            }
        }
        guests.close();
        guests.wait().await;
    }

    async fn accept(self: Arc<Self>, socket: TcpStream, address: SocketAddr) {
        // A stranger who fails here is nobody's concern: there are too many reasons, most of them on the other side.
        let Ok(link) = self.handshake(socket, address).await else { return };
        // From here on it is known who it is: it has its place, whoever else comes.
        tokio::spawn(self.decide(link));
    }

    async fn handshake(&self, socket: TcpStream, address: SocketAddr) -> Result<Link, WireError> {
        let peer = SocketAddr::new(address.ip().to_canonical(), address.port()).to_string();
        let stream = prepare(socket).map_err(|source| WireError::ConnectionLost { peer: peer.clone(), source })?;
        accept_over(&self.tls, stream, &peer, self.patience).await
    }

    /// Admits the peer at the other end of `link`, or tells it why not.
    async fn decide(self: Arc<Self>, mut link: Link) {
        let Ok(place) = Arc::clone(&self.links).try_acquire_owned() else {
            return reject(link, AdmissionReply::Busy).await;
        };
        let Ok(greeting) = self.admission(&mut link).await else { return };
        if greeting != AdmissionReply::Accepted {
            let (peer, fingerprint) = (link.peer().to_owned(), link.fingerprint());
            if greeting == AdmissionReply::NotAllowed {
                // Who comes too often is told of less often.
                drop(self.events.try_send(ListenerEvent::Refused { peer, fingerprint }));
            }
            return reject(link, greeting).await;
        }
        if link.sender.send(&greeting, b"").await.is_ok() {
            link.attach_permit(place);
            // Nobody wants it any more if this fails.
            drop(self.events.send(ListenerEvent::Link(Box::new(link))).await);
        }
    }

    async fn admission(&self, link: &mut Link) -> Result<AdmissionReply, WireError> {
        let PeerPolicy::Listed { allowed: enrolment, approver: doorkeeper } = &self.policy else {
            return Ok(AdmissionReply::Accepted);
        };
        if self.is_allowed(enrolment, link.fingerprint()).await {
            return Ok(AdmissionReply::Accepted);
        }
        let Some(doorkeeper) = doorkeeper else { return Ok(AdmissionReply::NotAllowed) };
        let Ok(_waiting) = self.pending_approvals.try_acquire() else { return Ok(AdmissionReply::Busy) };
        let gone = CancellationToken::new();
        let knock =
            ApprovalRequest { from: link.peer().to_owned(), fingerprint: link.fingerprint(), cancelled: gone.clone() };
        // However this ends, it is no question any more.
        let _end = gone.drop_guard();
        let answer = self.ask_approver(Arc::clone(doorkeeper), knock);
        tokio::pin!(answer);
        let mut ticks = interval(KEEPALIVE_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Err(Cancelled.into()),
                error = link.receiver.failure() => return Err(error),
                is_in = &mut answer => return Ok(if is_in { AdmissionReply::Accepted } else { AdmissionReply::NotAllowed }),
                _ = ticks.tick() => link.sender.send(&AdmissionReply::Pending, b"").await?,
            }
        }
    }

    /// What cannot be read enrols nobody.
    async fn is_allowed(&self, enrolment: &AllowList, fingerprint: KeyFingerprint) -> bool {
        let enrolment = enrolment.clone();
        let _turn = self.lookup_lock.lock().await;
        let held = blocking(move || enrolment.contains(fingerprint)).await;
        held.unwrap_or_else(|error| {
            drop(self.events.try_send(ListenerEvent::AllowListError(error)));
            false
        })
    }

    /// Whether a person says yes.
    async fn ask_approver(&self, doorkeeper: Approver, knock: ApprovalRequest) -> bool {
        let turn = Arc::clone(&self.approval_lock).lock_owned().await;
        let question = tokio::spawn(async move {
            let (is_in, is_over) = blocking(move || (doorkeeper(&knock), knock.is_cancelled())).await;
            if is_over {
                // Whoever is just typing an answer must not give it to somebody else.
                sleep(REACTION_TIME).await;
            }
            drop(turn);
            is_in
        });
        question.await.unwrap_or(false)
    }
}

/// Says why, if anybody still listens.
async fn reject(mut link: Link, greeting: AdmissionReply) {
    drop(link.sender.send(&greeting, b"").await);
    drop(link.sender.close().await);
}
