//! The listening side: accepts connections and yields the links of admitted peers, within limits.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::acceptor::Acceptor;
use super::error::WireError;
use super::event::{ListenerEvent, ListenerLimits};
use super::peer_policy::PeerPolicy;
use super::tls::{LinkIdentity, Protocol, tls_acceptor};
use crate::foundation::rlimit;

/// Events that may be queued for [`Listener::next`].
const EVENT_QUEUE: usize = 16;

/// Where and how to listen.
pub struct ListenOptions {
    /// Local address; port 0 takes any free port.
    pub address: SocketAddr,
    /// The identity to present.
    pub identity: LinkIdentity,
    /// The protocol to speak.
    pub protocol: Protocol,
    /// Which peers are admitted.
    pub policy: PeerPolicy,
    /// Limits on connections and their timeouts.
    pub limits: ListenerLimits,
}

/// A running listener. Dropping it stops accepting; open links stay open.
pub struct Listener {
    address: SocketAddr,
    events: mpsc::Receiver<ListenerEvent>,
    stop: CancellationToken,
    accepting: JoinHandle<()>,
}

impl Listener {
    /// Binds the address and starts to accept connections.
    ///
    /// # Errors
    /// [`WireError::PortTaken`] or [`WireError::Listen`] if the address cannot be bound, [`WireError::Identity`] if the
    /// identity does not work with TLS, [`WireError::Runtime`] if there are too few file descriptors.
    pub async fn start(options: ListenOptions) -> Result<Self, WireError> {
        let ListenOptions { address, identity, protocol, policy, limits } = options;
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => WireError::PortTaken { address: address.to_string() },
            _ => WireError::Listen { address: address.to_string(), source },
        };
        // If this fails, fewer connections can be open at once.
        let _ = rlimit::raise();
        let tls = tls_acceptor(&identity, protocol)?;
        let listener = TcpListener::bind(address).await.map_err(WireError::of_socket(failed))?;
        let bound = listener.local_addr().map_err(failed)?;
        let (sender, events) = mpsc::channel(EVENT_QUEUE);
        let stop = CancellationToken::new();
        let acceptor = Arc::new(Acceptor::new(tls, policy, limits, sender, stop.clone()));
        let accepting = tokio::spawn(acceptor.accept_loop(listener));
        Ok(Self { address: bound, events, stop, accepting })
    }

    /// Returns the address it listens on, with the actual port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the next event, or `None` after [`Listener::stop`] when no more follow. This method is cancel
    /// safe.
    pub async fn next(&mut self) -> Option<ListenerEvent> {
        self.events.recv().await
    }

    /// Stops accepting, and returns when the port is free. Peers whose handshake is complete are still admitted.
    pub async fn stop(&mut self) {
        self.stop.cancel();
        // An error means that the task panicked: then it has ended, too.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
