//! An FTP server on loopback, over a directory, that behaves as a test wants.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::manner::Manner;
use super::session::Session;
use super::wire::Identity;

pub(super) const USER: &str = "ada";
pub(super) const PASSWORD: &str = "unguessable-Wacholder-815";

/// What its sessions know together.
pub(super) struct Known {
    pub(super) root: PathBuf,
    pub(super) manner: Mutex<Arc<Manner>>,
    identity: Mutex<Arc<Identity>>,
    pub(super) other_identity: Identity,
    heard: Mutex<Vec<String>>,
    /// Bytes that came over data connections.
    pub(super) received: AtomicU64,
    over: AtomicBool,
}

impl Known {
    pub(super) fn manner(&self) -> Arc<Manner> {
        Arc::clone(&self.manner.lock().unwrap())
    }

    pub(super) fn identity(&self) -> Arc<Identity> {
        Arc::clone(&self.identity.lock().unwrap())
    }

    pub(super) fn hear(&self, line: &str) {
        self.heard.lock().unwrap().push(line.to_owned());
    }
}

/// The server; it ends when it is dropped.
pub(super) struct Peer {
    address: SocketAddr,
    known: Arc<Known>,
}

impl Peer {
    pub(super) fn start(root: &Path, manner: Manner) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let known = Arc::new(Known {
            root: root.into(),
            manner: Mutex::new(Arc::new(manner)),
            identity: Mutex::new(Arc::new(Identity::new())),
            other_identity: Identity::new(),
            heard: Mutex::default(),
            received: AtomicU64::new(0),
            over: AtomicBool::new(false),
        });
        let shared = Arc::clone(&known);
        thread::spawn(move || accept(&listener, &shared));
        Self { address, known }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn fingerprint(&self) -> String {
        self.known.identity().fingerprint.clone()
    }

    /// From the next connection on it shows another certificate.
    pub(super) fn change_certificate(&self) {
        *self.known.identity.lock().unwrap() = Arc::new(Identity::new());
    }

    /// From the next command on.
    pub(super) fn set_manner(&self, manner: Manner) {
        *self.known.manner.lock().unwrap() = Arc::new(manner);
    }

    /// All lines that clients have sent since this was last asked.
    pub(super) fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.known.heard.lock().unwrap())
    }

    /// Bytes of files that clients have sent.
    pub(super) fn received(&self) -> u64 {
        self.known.received.load(Ordering::SeqCst)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.known.over.store(true, Ordering::SeqCst);
        // The listener wakes up, and sees that it is over.
        drop(TcpStream::connect(self.address));
    }
}

fn accept(listener: &TcpListener, known: &Arc<Known>) {
    while let Ok((stream, _)) = listener.accept() {
        if known.over.load(Ordering::SeqCst) {
            return;
        }
        let session = Session::new(stream, Arc::clone(known));
        // That a client breaks off is nothing here.
        thread::spawn(move || drop(session.run()));
    }
}
