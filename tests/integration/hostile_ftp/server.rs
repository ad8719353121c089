//! An FTP server on loopback, over a directory, whose behavior each test chooses.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::behavior::Behavior;
use super::session::Session;
use super::stream::Identity;

pub(super) const USER: &str = "ada";
pub(super) const PASSWORD: &str = "unguessable-Wacholder-815";

/// State shared by the server's sessions.
pub(super) struct Shared {
    pub(super) root: PathBuf,
    pub(super) behavior: Mutex<Arc<Behavior>>,
    identity: Mutex<Arc<Identity>>,
    pub(super) other_identity: Identity,
    received_lines: Mutex<Vec<String>>,
    /// Bytes received over data connections.
    pub(super) received: AtomicU64,
    stopped: AtomicBool,
}

impl Shared {
    pub(super) fn behavior(&self) -> Arc<Behavior> {
        Arc::clone(&self.behavior.lock().unwrap())
    }

    pub(super) fn identity(&self) -> Arc<Identity> {
        Arc::clone(&self.identity.lock().unwrap())
    }

    pub(super) fn record(&self, line: &str) {
        self.received_lines.lock().unwrap().push(line.to_owned());
    }
}

/// The server; it stops when dropped.
pub(super) struct HostileServer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl HostileServer {
    pub(super) fn start(root: &Path, behavior: Behavior) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            root: root.into(),
            behavior: Mutex::new(Arc::new(behavior)),
            identity: Mutex::new(Arc::new(Identity::new())),
            other_identity: Identity::new(),
            received_lines: Mutex::default(),
            received: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting));
        Self { address, shared }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn fingerprint(&self) -> String {
        self.shared.identity().fingerprint.clone()
    }

    /// Uses a new certificate, starting with the next connection.
    pub(super) fn change_certificate(&self) {
        *self.shared.identity.lock().unwrap() = Arc::new(Identity::new());
    }

    /// Changes the behavior, starting with the next command.
    pub(super) fn set_behavior(&self, behavior: Behavior) {
        *self.shared.behavior.lock().unwrap() = Arc::new(behavior);
    }

    /// Returns and clears the lines received from clients.
    pub(super) fn received_lines(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.received_lines.lock().unwrap())
    }

    /// Returns how many bytes of files clients have sent.
    pub(super) fn received(&self) -> u64 {
        self.shared.received.load(Ordering::SeqCst)
    }
}

impl Drop for HostileServer {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes up the listener, which then stops.
        let _ = TcpStream::connect(self.address);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let session = Session::new(stream, Arc::clone(shared));
        // A client that disconnects ends the session with an error.
        thread::spawn(move || {
            let _ = session.run();
        });
    }
}
