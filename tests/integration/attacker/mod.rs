//! A network attacker between two hestat processes: a proxy that records each connection, and manipulates it as a test
//! says. It knows everything except private keys.

pub(crate) mod credentials;
pub(crate) mod impersonation;
pub(crate) mod invalid_clients;
pub(crate) mod records;

mod accept_loop;
mod clients;
mod echo;
mod forwarding;
mod log;
mod man_in_the_middle;
mod manipulation;
mod recording;
mod self_tests;
mod socket_pair;
mod tampering;
mod tls;
mod verifier;

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::faults::fault_plan::Ending;
use crate::sandbox::wait_until;
use accept_loop::AcceptLoop;
use log::{ConnectionLog, Shared};
use socket_pair::{SocketPair, reset_on_drop};

pub(crate) use manipulation::{Direction, Manipulation, RecordFault, Tampering};
pub(crate) use recording::Recording;

/// How long a server has to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The manipulating proxy. Dropping it closes all its connections.
pub(crate) struct Attacker {
    shared: Arc<Shared>,
    accept_loop: AcceptLoop,
}

impl Attacker {
    /// Starts a proxy in front of the server at `upstream`. `manipulation` maps the number of a connection, counted
    /// from 0, to what is done to it.
    pub(crate) fn before(
        upstream: SocketAddr,
        manipulation: impl Fn(u64) -> Manipulation + Send + Sync + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            upstream: Mutex::new(upstream),
            choose_manipulation: Box::new(manipulation),
            recordings: Mutex::default(),
            manipulations: AtomicU64::new(0),
        });
        let mut connections = Connections { connections: Vec::new(), shared: Arc::clone(&shared) };
        let accept_loop = AcceptLoop::start(move |client| {
            // If the server cannot be reached, the client gets a reset.
            let _ = connections.open(client);
        });
        Self { shared, accept_loop }
    }

    /// The address that clients connect to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.accept_loop.address
    }

    /// Sends later connections to another server address.
    pub(crate) fn retarget(&self, upstream: SocketAddr) {
        *self.shared.upstream.lock().unwrap() = upstream;
    }

    /// What was sent so far, by connection.
    pub(crate) fn recordings(&self) -> Vec<Recording> {
        self.shared.recordings.lock().unwrap().clone()
    }

    /// Waits until a connection has ended, and returns its recording.
    pub(crate) fn finished(&self, number: u64) -> Recording {
        let mut recording = None;
        wait_until("the end of a connection", || {
            let recordings = self.shared.recordings.lock().unwrap();
            recording = recordings.get(number as usize).filter(|recording| recording.is_finished()).cloned();
            recording.is_some()
        });
        recording.unwrap()
    }

    /// How many connections there have been.
    pub(crate) fn connections(&self) -> u64 {
        self.shared.recordings.lock().unwrap().len() as u64
    }

    /// How many manipulations took effect. One at a position that no byte reaches is not counted.
    pub(crate) fn manipulations(&self) -> u64 {
        self.shared.manipulations.load(Ordering::SeqCst)
    }
}

/// The open connections. Dropping it closes them.
struct Connections {
    connections: Vec<(Weak<SocketPair>, JoinHandle<()>)>,
    shared: Arc<Shared>,
}

impl Connections {
    /// Connects to the server for a client that connected to us, and starts to forward.
    fn open(&mut self, client: TcpStream) -> io::Result<()> {
        let log = ConnectionLog::new(&self.shared);
        let upstream = *self.shared.upstream.lock().unwrap();
        let server = TcpStream::connect_timeout(&upstream, CONNECT_TIMEOUT);
        let server = server.inspect_err(|_| {
            let _ = reset_on_drop(&client);
        })?;
        let pair = Arc::new(SocketPair::new(client, server)?);
        let forwarding =
            (Arc::downgrade(&pair), thread::spawn(move || forwarding::run(&pair, log.manipulation(), &log)));
        self.connections.push(forwarding);
        Ok(())
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        for (pair, forwarding) in self.connections.drain(..) {
            if let Some(pair) = pair.upgrade() {
                pair.close(Ending::Close);
            }
            let _ = forwarding.join();
        }
    }
}
