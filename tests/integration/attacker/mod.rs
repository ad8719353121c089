//! An attacker on the wire between two of our processes: records what passes, and does to each connection what a plan
//! says. It knows no key, but anything that can be known without one.

mod belief;
pub(crate) mod credentials;
mod echo;
mod ends;
pub(crate) mod impostor;
mod interception;
mod link;
mod own_tests;
mod plan;
mod recording;
mod records;
pub(crate) mod strangers;
mod tampering;
mod tls;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::faults::weather::Ending;
use crate::house::wait_until;
use ends::Ends;

pub(crate) use plan::{Direction, Manipulation, RecordFault, Tampering};
pub(crate) use recording::Recording;

/// How long a victim has to take a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// What befalls a connection, by its number.
type Plan = Box<dyn Fn(u64) -> Manipulation + Send + Sync>;

/// What the attacker and its connections know together.
struct Shared {
    upstream: Mutex<SocketAddr>,
    plan: Plan,
    recordings: Mutex<Vec<Recording>>,
    struck: AtomicU64,
    over: AtomicBool,
}

/// What is noted of one connection, until this is dropped.
struct Log {
    number: u64,
    shared: Arc<Shared>,
}

impl Log {
    fn new(shared: &Arc<Shared>) -> Self {
        let mut recordings = shared.recordings.lock().unwrap();
        recordings.push(Recording::default());
        Self { number: recordings.len() as u64 - 1, shared: Arc::clone(shared) }
    }

    fn hear(&self, direction: Direction, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.with_recording(|recording| recording.add(direction, bytes));
        }
    }

    fn refuse(&self, by: Direction, reason: &impl ToString) {
        self.with_recording(|recording| recording.add_refusal(by, reason.to_string()));
    }

    fn strike(&self) {
        self.shared.struck.fetch_add(1, Ordering::SeqCst);
    }

    fn with_recording(&self, note: impl FnOnce(&mut Recording)) {
        note(&mut self.shared.recordings.lock().unwrap()[self.number as usize]);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.with_recording(Recording::finish);
    }
}

/// The proxy that manipulates; all its connections end when it is dropped.
pub(crate) struct Attacker {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Attacker {
    /// Before a server, with a plan for each connection, which are counted from 0.
    pub(crate) fn before(upstream: SocketAddr, plan: impl Fn(u64) -> Manipulation + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            upstream: Mutex::new(upstream),
            plan: Box::new(plan),
            recordings: Mutex::default(),
            struck: AtomicU64::new(0),
            over: AtomicBool::new(false),
        });
        let known = Arc::clone(&shared);
        let accepting = Some(thread::spawn(move || accept(&listener, &known)));
        Self { address, shared, accepting }
    }

    /// Where clients find it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
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
        recording.unwrap_or_default()
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

impl Drop for Attacker {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // Whoever accepts sees only with the next connection that it is over.
        drop(TcpStream::connect(self.address));
        drop(self.accepting.take().map(JoinHandle::join));
    }
}

/// Takes connections until the attacker is over, and then ends them all.
fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut links = Vec::new();
    while let Ok((client, _)) = listener.accept() {
        if shared.over.load(Ordering::SeqCst) {
            break;
        }
        // If the server is not there, the client is dropped.
        links.extend(begin(client, shared));
    }
    for (ends, link) in links {
        if let Some(ends) = ends.upgrade() {
            ends.end(Ending::Close);
        }
        drop(link.join());
    }
}

/// Connects to the server as the client connected to us.
fn begin(client: TcpStream, shared: &Arc<Shared>) -> io::Result<(Weak<Ends>, JoinHandle<()>)> {
    let log = Log::new(shared);
    let upstream = *shared.upstream.lock().unwrap();
    let server = TcpStream::connect_timeout(&upstream, PATIENCE)?;
    let ends = Arc::new(Ends::new(client, server)?);
    let known = Arc::downgrade(&ends);
    Ok((known, thread::spawn(move || link::run(&ends, (log.shared.plan)(log.number), &log))))
}
