//! The listening side: takes in those who may, within bounds.

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
use super::tls::{LinkIdentity, Protocol, acceptor};
use crate::foundation::rlimit;

/// Links that wait to be taken over.
const WAITING: usize = 16;

/// Where and how to listen.
pub struct ListenOptions {
    /// The address; port 0 is any free one.
    pub listen: SocketAddr,
    /// What to show.
    pub identity: LinkIdentity,
    /// What to speak.
    pub protocol: Protocol,
    /// Whom to take in.
    pub admission: PeerPolicy,
    /// Bounds.
    pub limits: ListenerLimits,
}

/// A listener at work; it takes in nobody any more when dropped, and its links go on.
pub struct Listener {
    address: SocketAddr,
    events: mpsc::Receiver<ListenerEvent>,
    stop: CancellationToken,
    accepting: JoinHandle<()>,
}

impl Listener {
    /// Listens from now on.
    ///
    /// # Errors
    /// [`WireError::PortTaken`], [`WireError::Listen`], [`WireError::Identity`].
    pub async fn start(options: ListenOptions) -> Result<Self, WireError> {
        let ListenOptions { listen, identity, protocol, admission, limits } = options;
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => WireError::PortTaken { address: listen.to_string() },
            _ => WireError::Listen { address: listen.to_string(), source },
        };
        // Where the system refuses, fewer can come at once.
        drop(rlimit::raise());
        let acceptor = acceptor(&identity, protocol)?;
        let listener = TcpListener::bind(listen).await.map_err(WireError::of_socket(failed))?;
        let address = listener.local_addr().map_err(failed)?;
        let (sender, arrivals) = mpsc::channel(WAITING);
        let stop = CancellationToken::new();
        let door = Arc::new(Acceptor::new(acceptor, admission, limits, sender, stop.clone()));
        let welcoming = tokio::spawn(door.accept_loop(listener));
        Ok(Self { address, events: arrivals, stop, accepting: welcoming })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Who comes next. Nothing is lost if this is not awaited to its end.
    pub async fn next(&mut self) -> Option<ListenerEvent> {
        self.events.recv().await
    }

    /// Takes in nobody any more; returns when the port is free. Those who were about to come in still do, and after them
    /// nobody comes next.
    pub async fn stop(&mut self) {
        self.stop.cancel();
        // It ends, or it has panicked and has ended.
        drop((&mut self.accepting).await);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
