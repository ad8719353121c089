//! The connecting side: finds the peer, makes sure that it is the right one, and comes back when the line breaks.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rand_core::Rng;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::address::PeerAddress;
use super::admission_reply::{AdmissionReply, KEEPALIVE_INTERVAL};
use super::error::WireError;
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

/// Decides whether a listening side that nothing is known of is the right one, unless the work is to end first.
pub type ConfirmPeer = Arc<dyn Fn(&PeerAddress, KeyFingerprint) -> Result<bool, Cancelled> + Send + Sync>;

/// How the listening side is told from others.
#[derive(Clone)]
pub enum PeerTrust {
    /// It has this key.
    Pinned(KeyFingerprint),
    /// It was met before, or is confirmed now and remembered.
    FirstUse {
        /// The file of those met.
        known_peers: PathBuf,
        /// Who confirms.
        confirm: ConfirmPeer,
    },
}

/// Reaches listening peers.
#[derive(Clone)]
pub struct Dialer {
    /// What to show.
    pub identity: LinkIdentity,
    /// What to speak.
    pub protocol: Protocol,
    /// Whom to trust.
    pub trust: PeerTrust,
    /// How long to wait for what.
    pub patience: Timeouts,
}

impl Dialer {
    /// A link to the peer at `address`, which is the right one and has welcomed us.
    ///
    /// # Errors
    /// [`WireError`]: it cannot be reached, is another one, or does not take us in.
    pub async fn connect(&self, address: &PeerAddress) -> Result<Link, WireError> {
        self.connect_before(address, None).await
    }

    /// The same; where somebody there is asked about us, the answer is waited for until the deadline.
    async fn connect_before(&self, address: &PeerAddress, deadline: Option<Instant>) -> Result<Link, WireError> {
        let (expected, by) = self.expected(address)?;
        match self.handshake(address, expected, deadline).await {
            Ok(link) => self.await_admission(link, address, deadline).await,
            Err(HandshakeFailure::Other(error)) => Err(error),
            Err(HandshakeFailure::Refused(found)) => match expected {
                ExpectedKey::Exactly(expected) => {
                    Err(WireError::KeyMismatch { address: address.to_string(), by, expected, found })
                }
                ExpectedKey::Any | ExpectedKey::Nothing => self.trust_on_first_use(address, found, deadline).await,
            },
        }
    }

    /// The same; tries again, with growing pauses, while the failure may pass and the deadline, if there is one, has not
    /// passed. Each failure that is not the last is told.
    ///
    /// # Errors
    /// As [`Dialer::connect`], of the last attempt; [`WireError::Cancelled`].
    pub async fn connect_with_retry(
        &self,
        address: &PeerAddress,
        deadline: Option<Instant>,
        stop: &CancellationToken,
        mut told: impl FnMut(&WireError),
    ) -> Result<Link, WireError> {
        let mut number = 0;
        loop {
            let attempt = self.connect_before(address, deadline);
            let attempt = stop.run_until_cancelled(attempt).await.ok_or(Cancelled)?;
            let error = match attempt {
                Err(error) if error.may_pass() => error,
                outcome => return outcome,
            };
            number += 1;
            let pause = pause(number);
            if deadline.is_some_and(|deadline| Instant::now() + pause >= deadline) {
                return Err(error);
            }
            told(&error);
            stop.run_until_cancelled(sleep(pause)).await.ok_or(Cancelled)?;
        }
    }

    /// Which key the peer must have, and who says so.
    fn expected(&self, address: &PeerAddress) -> Result<(ExpectedKey, String), WireError> {
        match &self.trust {
            PeerTrust::Pinned(fingerprint) => Ok((ExpectedKey::Exactly(*fingerprint), "--peer-fingerprint".into())),
            PeerTrust::FirstUse { known_peers, .. } => {
                let found =
                    KnownHosts::at(known_peers).find(address.as_str()).map_err(WireError::peers(known_peers))?;
                Ok((found.map_or(ExpectedKey::Nothing, ExpectedKey::Exactly), known_peers.display().to_string()))
            }
        }
    }

    async fn handshake(
        &self,
        address: &PeerAddress,
        expected: ExpectedKey,
        deadline: Option<Instant>,
    ) -> Result<Link, HandshakeFailure> {
        let (peer, patience) = (address.as_str(), self.patience);
        let patience = Timeouts { handshake: until(deadline, patience.handshake), ..patience };
        let unreachable =
            WireError::of_socket(|source: io::Error| WireError::Unreachable { address: peer.into(), source });
        let silent = |_| WireError::Timeout { peer: peer.into(), seconds: patience.handshake.as_secs() };
        let socket = timeout(patience.handshake, TcpStream::connect(peer)).await;
        let socket = socket.map_err(silent).and_then(|socket| socket.and_then(prepare).map_err(unreachable));
        connect_over(&self.identity, self.protocol, expected, socket.map_err(HandshakeFailure::Other)?, peer, patience)
            .await
    }

    /// Has a peer that nothing is known of confirmed, connects again, to it alone, and remembers it.
    async fn trust_on_first_use(
        &self,
        address: &PeerAddress,
        found: KeyFingerprint,
        deadline: Option<Instant>,
    ) -> Result<Link, WireError> {
        let unknown = || WireError::UntrustedKey { address: address.to_string(), found };
        let PeerTrust::FirstUse { known_peers, confirm } = &self.trust else { return Err(unknown()) };
        let (confirm, asked) = (Arc::clone(confirm), address.clone());
        if !blocking(move || confirm(&asked, found)).await? {
            return Err(unknown());
        }
        // That took as long as people take.
        let deadline = deadline.map(|deadline| deadline.max(Instant::now() + self.patience.handshake));
        let link =
            self.handshake(address, ExpectedKey::Exactly(found), deadline).await.map_err(|failure| match failure {
                HandshakeFailure::Other(error) => error,
                // Somebody else answers already: then one of the two is an impostor.
                HandshakeFailure::Refused(other) => WireError::KeyMismatch {
                    address: address.to_string(),
                    by: "the first meeting".into(),
                    expected: found,
                    found: other,
                },
            })?;
        KnownHosts::at(known_peers).remember(address.as_str(), &found).map_err(WireError::peers(known_peers))?;
        self.await_admission(link, address, deadline).await
    }

    /// The link, if the peer bids us welcome on it.
    async fn await_admission(
        &self,
        mut link: Link,
        address: &PeerAddress,
        deadline: Option<Instant>,
    ) -> Result<Link, WireError> {
        let patience = self.patience.silence.max(2 * KEEPALIVE_INTERVAL);
        let (own, mut is_asked) = (self.identity.fingerprint(), false);
        loop {
            let greeting = link.receiver.receive_within(until(deadline, patience)).await;
            let is_late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            let address = address.to_string();
            return match greeting {
                Ok((AdmissionReply::Pending, _)) if !is_late => {
                    is_asked = true;
                    continue;
                }
                Ok((AdmissionReply::Pending, _)) => Err(WireError::NotApproved { address, own }),
                Err(WireError::Timeout { .. }) if is_asked && is_late => Err(WireError::NotApproved { address, own }),
                Ok((AdmissionReply::Accepted, _)) => Ok(link),
                Ok((AdmissionReply::NotAllowed, _)) => Err(WireError::NotAllowed { address, own }),
                Ok((AdmissionReply::Busy, _)) => Err(WireError::Busy { address }),
                Err(error) => Err(error),
            };
        }
    }
}

/// As long as `patience` and no longer than the deadline, if there is one; a second at least.
fn until(deadline: Option<Instant>, patience: Duration) -> Duration {
    let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
    patience.min(left.max(Duration::from_secs(1)))
}

/// How long to wait before attempt `number` (the second attempt is number 1): another time than others do.
pub fn pause(number: u32) -> Duration {
    backoff::pause(number, random::from_system().map_or(u32::MAX, |mut random| random.next_u32()))
}
