//! The connecting side: connects to a peer, verifies its key, waits for admission, and retries.
//!
//! A peer that is seen for the first time gets nothing on that connection: the handshake is aborted once its key is
//! known, the key is confirmed, and a second connection accepts that key only.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rand_core::Rng;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::address::PeerAddress;
use super::admission_reply::{AdmissionReply, KEEPALIVE_INTERVAL};
use super::error::{KeyOrigin, WireError};
use super::link::Link;
use super::runtime::blocking;
use super::socket::prepare;
use super::tls::{HandshakeFailure, LinkIdentity, Protocol, Timeouts, connect_over};
use super::verifier::ExpectedKey;
use crate::crypto::KeyFingerprint;
use crate::foundation::backoff;
use crate::foundation::known_hosts::KnownHosts;
use crate::foundation::observer::Cancelled;
use crate::foundation::random;

/// Decides whether the key of a peer that was never connected to before is to be trusted.
pub type ConfirmPeer = Arc<dyn Fn(&PeerAddress, KeyFingerprint) -> Result<bool, Cancelled> + Send + Sync>;

/// How the listening side is authenticated.
#[derive(Clone)]
pub enum PeerTrust {
    /// It must have this key.
    Pinned(KeyFingerprint),
    /// Trust on first use: its key must be the remembered one, or is confirmed now and then remembered.
    FirstUse {
        /// The file of remembered keys.
        known_peers: PathBuf,
        /// Confirms keys that are not in it.
        confirm: ConfirmPeer,
    },
}

/// Makes links to listening peers.
#[derive(Clone)]
pub struct Dialer {
    /// The identity to present.
    pub identity: LinkIdentity,
    /// The protocol to speak.
    pub protocol: Protocol,
    /// How peers are authenticated.
    pub trust: PeerTrust,
    /// Timeouts of the handshake and of the link.
    pub timeouts: Timeouts,
}

impl Dialer {
    /// Connects to the peer at `address` and returns the link once the peer has admitted us.
    ///
    /// # Errors
    /// [`WireError`] if the peer cannot be reached, has an unexpected key, breaks the protocol, or does not admit us.
    pub async fn connect(&self, address: &PeerAddress) -> Result<Link, WireError> {
        self.connect_by(address, None).await
    }

    /// Like [`Dialer::connect`], but retries transient failures with growing delays until the deadline, if any. Calls
    /// `on_retry` with each failure that is followed by another attempt.
    ///
    /// # Errors
    /// The error of the last attempt, as [`Dialer::connect`]; [`WireError::Cancelled`] when `stop` is cancelled.
    pub async fn connect_with_retry(
        &self,
        address: &PeerAddress,
        deadline: Option<Instant>,
        stop: &CancellationToken,
        mut on_retry: impl FnMut(&WireError),
    ) -> Result<Link, WireError> {
        let mut attempt = 0;
        loop {
            let connecting = self.connect_by(address, deadline);
            let outcome = stop.run_until_cancelled(connecting).await.ok_or(Cancelled)?;
            let error = match outcome {
                Err(error) if error.is_transient() => error,
                outcome => return outcome,
            };
            attempt += 1;
            let delay = retry_delay(attempt);
            if deadline.is_some_and(|deadline| Instant::now() + delay >= deadline) {
                return Err(error);
            }
            on_retry(&error);
            stop.run_until_cancelled(sleep(delay)).await.ok_or(Cancelled)?;
        }
    }

    /// Makes one attempt. If a person at the peer has to approve us, waits for that until the deadline.
    async fn connect_by(&self, address: &PeerAddress, deadline: Option<Instant>) -> Result<Link, WireError> {
        let (expected, origin) = match &self.trust {
            PeerTrust::Pinned(key) => (*key, KeyOrigin::Pinned),
            PeerTrust::FirstUse { known_peers, confirm } => {
                let known = KnownHosts::at(known_peers).find(address.as_str());
                match known.map_err(WireError::peer_list(known_peers))? {
                    Some(key) => (key, KeyOrigin::KnownPeers(known_peers.clone())),
                    None => return self.trust_on_first_use(address, known_peers, confirm, deadline).await,
                }
            }
        };
        let link = self.connect_to_key(address, expected, origin, deadline).await?;
        self.await_admission(link, address, deadline).await
    }

    /// Learns the key of an unknown peer, has it confirmed, connects again to exactly that key, and remembers it.
    async fn trust_on_first_use(
        &self,
        address: &PeerAddress,
        known_peers: &Path,
        confirm: &ConfirmPeer,
        deadline: Option<Instant>,
    ) -> Result<Link, WireError> {
        let found = self.learn_key(address, deadline).await?;
        let (confirm, asked) = (Arc::clone(confirm), address.clone());
        if !blocking(move || confirm(&asked, found)).await? {
            return Err(WireError::UntrustedKey { address: address.to_string(), found });
        }
        // Leaves time for a handshake, however long the person took to answer.
        let deadline = deadline.map(|deadline| deadline.max(Instant::now() + self.timeouts.handshake));
        // If another key answers now, one of the two is an impostor.
        let link = self.connect_to_key(address, found, KeyOrigin::FirstUse, deadline).await?;
        let remembered = KnownHosts::at(known_peers).remember(address.as_str(), &found);
        remembered.map_err(WireError::peer_list(known_peers))?;
        self.await_admission(link, address, deadline).await
    }

    /// Returns the key that the peer at `address` has, without making a link.
    async fn learn_key(&self, address: &PeerAddress, deadline: Option<Instant>) -> Result<KeyFingerprint, WireError> {
        match self.handshake(address, ExpectedKey::Unknown, deadline).await {
            Ok(link) => Ok(link.fingerprint()),
            Err(HandshakeFailure::UnexpectedKey(found)) => Ok(found),
            Err(HandshakeFailure::Other(error)) => Err(error),
        }
    }

    /// Connects to a peer that must have the key `expected`.
    async fn connect_to_key(
        &self,
        address: &PeerAddress,
        expected: KeyFingerprint,
        origin: KeyOrigin,
        deadline: Option<Instant>,
    ) -> Result<Link, WireError> {
        self.handshake(address, ExpectedKey::Exactly(expected), deadline).await.map_err(|failure| match failure {
            HandshakeFailure::UnexpectedKey(found) => {
                WireError::KeyMismatch { address: address.to_string(), origin, expected, found }
            }
            HandshakeFailure::Other(error) => error,
        })
    }

    async fn handshake(
        &self,
        address: &PeerAddress,
        expected: ExpectedKey,
        deadline: Option<Instant>,
    ) -> Result<Link, HandshakeFailure> {
        let peer = address.as_str();
        let timeouts = Timeouts { handshake: capped(self.timeouts.handshake, deadline), ..self.timeouts };
        let unreachable =
            WireError::of_socket(|source: io::Error| WireError::Unreachable { address: peer.into(), source });
        let timed_out = |_| WireError::Timeout { peer: peer.into(), seconds: timeouts.handshake.as_secs() };
        let socket = timeout(timeouts.handshake, TcpStream::connect(peer)).await.map_err(timed_out);
        let socket = socket.and_then(|socket| socket.and_then(prepare).map_err(unreachable));
        let socket = socket.map_err(HandshakeFailure::Other)?;
        connect_over(&self.identity, self.protocol, expected, socket, peer, timeouts).await
    }

    /// Waits for the peer's reply and returns the link if the peer admits us.
    async fn await_admission(
        &self,
        mut link: Link,
        address: &PeerAddress,
        deadline: Option<Instant>,
    ) -> Result<Link, WireError> {
        let idle_timeout = self.timeouts.idle.max(2 * KEEPALIVE_INTERVAL);
        let (own, mut is_pending) = (self.identity.fingerprint(), false);
        loop {
            let reply = link.receiver.receive_within(capped(idle_timeout, deadline)).await;
            let is_late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            let address = address.to_string();
            return match reply {
                Ok((AdmissionReply::Pending, _)) if !is_late => {
                    is_pending = true;
                    continue;
                }
                Ok((AdmissionReply::Pending, _)) => Err(WireError::NotApproved { address, own }),
                Err(WireError::Timeout { .. }) if is_pending && is_late => Err(WireError::NotApproved { address, own }),
                Ok((AdmissionReply::Accepted, _)) => Ok(link),
                Ok((AdmissionReply::NotAllowed, _)) => Err(WireError::NotAllowed { address, own }),
                Ok((AdmissionReply::Busy, _)) => Err(WireError::Busy { address }),
                Err(error) => Err(error),
            };
        }
    }
}

/// Shortens a timeout to the time left until the deadline, but not below one second.
fn capped(timeout: Duration, deadline: Option<Instant>) -> Duration {
    let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
    timeout.min(left.max(Duration::from_secs(1)))
}

/// Returns the delay before retry number `attempt`, counted from 1. It is random, so that peers do not retry at the
/// same time; if the system provides no randomness, it is the longest.
pub fn retry_delay(attempt: u32) -> Duration {
    backoff::pause(attempt, random::from_system().map_or(u32::MAX, |mut random| random.next_u32()))
}
