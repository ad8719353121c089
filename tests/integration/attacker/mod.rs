//! An attacker on the wire between two of our processes: records what passes, and does to each connection what a plan
//! says. It knows no key, but anything that can be known without one.

pub(crate) mod credentials;
pub(crate) mod impostor;
pub(crate) mod records;
pub(crate) mod strangers;

mod belief;
mod callers;
mod echo;
mod ends;
mod interception;
mod link;
mod listening;
mod log;
mod own_tests;
mod plan;
mod recording;
mod tampering;
mod tls;

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::faults::weather::Ending;
use crate::house::wait_until;
use ends::{Ends, reset_when_closed};
use listening::Listening;
use log::{Log, Shared};

pub(crate) use plan::{Direction, Manipulation, RecordFault, Tampering};
pub(crate) use recording::Recording;

/// How long a victim has to take a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// The proxy that manipulates; all its connections end when it is dropped.
pub(crate) struct Attacker {
    shared: Arc<Shared>,
    listening: Listening,
}

impl Attacker {
    /// Before a server, with a plan for each connection, which are counted from 0.
    pub(crate) fn before(upstream: SocketAddr, plan: impl Fn(u64) -> Manipulation + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared {
            upstream: Mutex::new(upstream),
            plan: Box::new(plan),
            recordings: Mutex::default(),
            struck: AtomicU64::new(0),
        });
        let mut links = Links { links: Vec::new(), shared: Arc::clone(&shared) };
        // If the server is not there, the client is told so by a reset.
        let listening = Listening::start(move |client| drop(links.begin(client)));
        Self { shared, listening }
    }

    /// Where clients find it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listening.address
    }

    /// The server has another address from the next connection on.
    pub(crate) fn retarget(&self, upstream: SocketAddr) {
        *self.shared.upstream.lock().unwrap() = upstream;
    }

    /// What has passed so far, by connection.
    pub(crate) fn recordings(&self) -> Vec<Recording> {
        self.shared.recordings.lock().unwrap().clone()
    }

    /// What has passed on a connection, once it has ended.
    pub(crate) fn finished(&self, number: u64) -> Recording {
        let mut recording = None;
        wait_until("the end of a connection", || {
            let recordings = self.shared.recordings.lock().unwrap();
            recording = recordings.get(number as usize).filter(|recording| recording.is_over()).cloned();
            recording.is_some()
        });
        recording.unwrap()
    }

    /// How many connections there have been.
    pub(crate) fn connections(&self) -> u64 {
        self.shared.recordings.lock().unwrap().len() as u64
    }

    /// How many manipulations have happened: a place that no byte reaches is not counted.
    pub(crate) fn struck(&self) -> u64 {
        self.shared.struck.load(Ordering::SeqCst)
    }
}

/// All connections, which end with it.
struct Links {
    links: Vec<(Weak<Ends>, JoinHandle<()>)>,
    shared: Arc<Shared>,
}

impl Links {
    /// Connects to the server as the client connected to us.
    fn begin(&mut self, client: TcpStream) -> io::Result<()> {
        let log = Log::new(&self.shared);
        let upstream = *self.shared.upstream.lock().unwrap();
        let server = TcpStream::connect_timeout(&upstream, PATIENCE);
        let server = server.inspect_err(|_| drop(reset_when_closed(&client)))?;
        let ends = Arc::new(Ends::new(client, server)?);
        self.links.push((Arc::downgrade(&ends), thread::spawn(move || link::run(&ends, log.plan(), &log))));
        Ok(())
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        for (ends, link) in self.links.drain(..) {
            if let Some(ends) = ends.upgrade() {
                ends.end(Ending::Close);
            }
            drop(link.join());
        }
    }
}
