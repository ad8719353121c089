//! Accepts connections: handshake, admission, and the reply to the peer.
//!
//! The handshake accepts any peer with an Ed25519 key. Whether the peer is allowed is decided afterwards, so a peer
//! that is rejected learns why, and a person can be asked about it without keeping a handshake open.

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

/// Peers that may wait for a person's approval at the same time.
const MAX_PENDING_APPROVALS: usize = 16;

/// How long a person may take to notice that a question was withdrawn.
const REACTION_TIME: Duration = Duration::from_secs(3);

/// Pause after a failed `accept`, such as for lack of file descriptors.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(20);

/// State shared by all connections of a listener.
pub(super) struct Acceptor {
    tls: TlsAcceptor,
    policy: PeerPolicy,
    timeouts: Timeouts,
    handshakes: PendingHandshakes,
    links: Arc<Semaphore>,
    /// Lets one question be asked at a time.
    approval_lock: Arc<Mutex<()>>,
    pending_approvals: Semaphore,
    /// Lets one connection read the allow list at a time.
    lookup_lock: Mutex<()>,
    events: mpsc::Sender<ListenerEvent>,
    stop: CancellationToken,
}

impl Acceptor {
    pub(super) fn new(
        tls: TlsAcceptor,
        policy: PeerPolicy,
        limits: ListenerLimits,
        events: mpsc::Sender<ListenerEvent>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            tls,
            policy,
            timeouts: limits.timeouts,
            handshakes: PendingHandshakes::new(limits.handshakes),
            links: Arc::new(Semaphore::new(limits.links)),
            approval_lock: Arc::default(),
            pending_approvals: Semaphore::new(MAX_PENDING_APPROVALS),
            lookup_lock: Mutex::default(),
            events,
            stop,
        }
    }

    /// Accepts connections until the listener is stopped.
    pub(super) async fn accept_loop(self: Arc<Self>, listener: TcpListener) {
        let handshakes = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, address)) => {
                    let (acceptor, stop) = (Arc::clone(&self), self.stop.clone());
                    let handshake = async move { stop.run_until_cancelled(acceptor.accept(socket, address)).await };
                    self.handshakes.add(handshakes.spawn(handshake).abort_handle());
                }
                // The process may be out of file descriptors: aborting a handshake frees one.
                Err(_) => {
                    self.handshakes.abort_oldest();
                    sleep(ACCEPT_RETRY_DELAY).await;
                }
            }
        }
        handshakes.close();
        handshakes.wait().await;
    }

    async fn accept(self: Arc<Self>, socket: TcpStream, address: SocketAddr) {
        // Failed handshakes are not reported: any port scan causes them.
        let Ok(link) = self.handshake(socket, address).await else { return };
        // An authenticated peer no longer counts as a pending handshake, so later connections cannot evict it.
        tokio::spawn(self.admit(link));
    }

    async fn handshake(&self, socket: TcpStream, address: SocketAddr) -> Result<Link, WireError> {
        let peer = SocketAddr::new(address.ip().to_canonical(), address.port()).to_string();
        let stream = prepare(socket).map_err(|source| WireError::ConnectionLost { peer: peer.clone(), source })?;
        accept_over(&self.tls, stream, &peer, self.timeouts).await
    }

    /// Hands an admitted link to the listener; tells any other peer why it is rejected.
    async fn admit(self: Arc<Self>, mut link: Link) {
        let Ok(permit) = Arc::clone(&self.links).try_acquire_owned() else {
            return reject(link, AdmissionReply::Busy).await;
        };
        let Ok(reply) = self.admission_reply(&mut link).await else { return };
        if reply != AdmissionReply::Accepted {
            let (peer, fingerprint) = (link.peer().to_owned(), link.fingerprint());
            if reply == AdmissionReply::NotAllowed {
                // A full queue drops the event, so that a peer that reconnects all the time cannot flood it.
                let _ = self.events.try_send(ListenerEvent::Refused { peer, fingerprint });
            }
            return reject(link, reply).await;
        }
        if link.sender.send(&reply, b"").await.is_ok() {
            link.attach_permit(permit);
            // Fails only when the listener was dropped.
            let _ = self.events.send(ListenerEvent::Link(Box::new(link))).await;
        }
    }

    async fn admission_reply(&self, link: &mut Link) -> Result<AdmissionReply, WireError> {
        let PeerPolicy::Listed { allowed, approver } = &self.policy else {
            return Ok(AdmissionReply::Accepted);
        };
        if self.is_allowed(allowed, link.fingerprint()).await {
            return Ok(AdmissionReply::Accepted);
        }
        let Some(approver) = approver else { return Ok(AdmissionReply::NotAllowed) };
        let Ok(_permit) = self.pending_approvals.try_acquire() else { return Ok(AdmissionReply::Busy) };
        let cancelled = CancellationToken::new();
        let request = ApprovalRequest {
            peer: link.peer().to_owned(),
            fingerprint: link.fingerprint(),
            cancelled: cancelled.clone(),
        };
        // Withdraws the question on every return from here.
        let _cancel_request = cancelled.drop_guard();
        let answer = self.ask_approver(Arc::clone(approver), request);
        tokio::pin!(answer);
        let mut keepalive = interval(KEEPALIVE_INTERVAL);
        keepalive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Err(Cancelled.into()),
                error = link.receiver.failure() => return Err(error),
                allow = &mut answer => {
                    return Ok(if allow { AdmissionReply::Accepted } else { AdmissionReply::NotAllowed });
                }
                _ = keepalive.tick() => link.sender.send(&AdmissionReply::Pending, b"").await?,
            }
        }
    }

    /// Looks the key up in the allow list. A list that cannot be read allows no keys.
    async fn is_allowed(&self, allowed: &AllowList, fingerprint: KeyFingerprint) -> bool {
        let allowed = allowed.clone();
        let _guard = self.lookup_lock.lock().await;
        blocking(move || allowed.contains(fingerprint)).await.unwrap_or_else(|error| {
            let _ = self.events.try_send(ListenerEvent::AllowListError(error));
            false
        })
    }

    /// Returns whether the approver allows the peer. Waits until earlier questions are answered.
    async fn ask_approver(&self, approver: Approver, request: ApprovalRequest) -> bool {
        let guard = Arc::clone(&self.approval_lock).lock_owned().await;
        let question = tokio::spawn(async move {
            let (allow, cancelled) = blocking(move || (approver(&request), request.is_cancelled())).await;
            if cancelled {
                // An answer that is being typed must not count for the next peer.
                sleep(REACTION_TIME).await;
            }
            drop(guard);
            allow
        });
        // If the approver panics, the peer is not allowed.
        question.await.unwrap_or(false)
    }
}

/// Sends the reply and closes the link. A peer that has already gone is ignored.
async fn reject(mut link: Link, reply: AdmissionReply) {
    let _ = link.sender.send(&reply, b"").await;
    let _ = link.sender.close().await;
}
