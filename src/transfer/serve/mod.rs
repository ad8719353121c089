//! The FTPS server. It has one account and one root directory, and limits everything that clients can use.
//!
//! ```text
//! accept ─▶ session ─▶ auth, files, data, capabilities ─▶ client_session
//! client_session ─▶ control ─▶ stream
//! client_session ─▶ shared ─▶ connections, virtual_fs, login_throttle, log_limit
//! ```
//!
//! Threads: "acceptor" accepts control connections, "timer" closes those that exceed a timeout, and "quota" measures
//! the disk usage. Each connection has a thread, and each transfer a further one, so that ABOR is read during the
//! transfer.
//!
//! # Why not a library
//!
//! libunftp 0.24 was tried first. It has problems that a public server must not have, and that its interface cannot
//! fix. Although TLS is required for data, EPSV and PROT C between PASV and STOR open plaintext data connections. A
//! command line without an end is buffered before any login (1 GB in 2.4 s). A TLS handshake that never begins holds
//! its connection for ever. One that fails on a data connection panics its task; then there is no reply and no idle
//! timeout. A session is locked during a transfer. The offset of a failed transfer is used by the next one.
//!
//! This server has blocking reads and a thread for each connection, which suits few clients with large files. Every
//! read is bounded in length and time.

mod accept;
mod accept_socket;
mod active_transfer;
mod auth;
mod background_writer;
mod capabilities;
mod client_session;
mod connections;
mod control;
mod data;
mod data_transfer;
mod files;
mod limits;
mod listing;
mod log_limit;
mod login_throttle;
mod maintenance;
mod passive;
mod session;
mod shared;
mod stream;
mod virtual_fs;
mod virtual_path;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::net::{Shutdown, shutdown};
use tracing::warn;

use super::error::TransferError;
use crate::crypto::CertificateFingerprint;
use crate::foundation::quota::Quota;
use crate::foundation::rlimit;
use crate::foundation::secret::Secret;
pub use limits::ServerLimits;
use shared::Shared;

/// How long a stopping server waits for its sessions to end.
const SESSION_END_TIMEOUT: Duration = Duration::from_millis(500);

/// An access to a path that a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Create a file or write to it.
    Write,
    /// Create a directory.
    CreateDirectory,
    /// Remove a file or directory.
    Remove,
    /// Rename a file or directory from this path.
    RenameFrom,
    /// Rename a file or directory to this path.
    RenameTo,
}

/// Decides which changes clients may make. Reading is always allowed.
pub trait AccessPolicy: Send + Sync {
    /// Returns whether clients may do this to a path, given as its names from the root.
    fn permits(&self, action: Action, path: &[String]) -> bool;

    /// Called after an upload, and after a file or directory was renamed.
    fn on_change(&self);
}

/// What to serve, and how.
pub struct ServeOptions {
    /// The directory that clients see as `/`.
    pub root: PathBuf,
    /// Address of the control port; port 0 means any free one.
    pub listen: SocketAddr,
    /// User name of the account.
    pub user: String,
    /// Password of the account.
    pub password: Secret<String>,
    /// Certificate chain (PEM), the server's own certificate first.
    pub certificates: Vec<u8>,
    /// Private key of the certificate (PEM).
    pub key: Secret<Vec<u8>>,
    /// Ports for data connections; any free ones if `None`.
    pub passive_ports: Option<RangeInclusive<u16>>,
    /// Address that PASV replies contain, if clients reach the server at a different address (behind NAT).
    pub public_address: Option<Ipv4Addr>,
    /// Whether logins and data without TLS are allowed.
    pub allow_plain: bool,
    /// Limits on what clients can use.
    pub limits: ServerLimits,
}

impl ServeOptions {
    /// Returns options for a TLS-only server on a free port of the loopback interface, with the default limits.
    pub fn on_loopback(
        root: PathBuf,
        user: &str,
        password: Secret<String>,
        certificates: Vec<u8>,
        key: Secret<Vec<u8>>,
    ) -> Self {
        Self {
            root,
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            user: user.into(),
            password,
            certificates,
            key,
            passive_ports: None,
            public_address: None,
            allow_plain: false,
            limits: ServerLimits::default(),
        }
    }
}

/// A running server; it stops when dropped.
pub struct FtpService {
    address: SocketAddr,
    fingerprint: CertificateFingerprint,
    shared: Arc<Shared>,
    listener: Arc<TcpListener>,
    threads: Vec<JoinHandle<()>>,
}

impl FtpService {
    /// Starts the server.
    ///
    /// # Errors
    /// [`TransferError::PortTaken`] if another process uses the port, [`TransferError::Identity`] for an invalid
    /// certificate or key, [`TransferError::Local`] if the root cannot be read, [`TransferError::Listen`] if the server
    /// cannot listen or start its threads.
    pub fn start(options: ServeOptions, policy: Arc<dyn AccessPolicy>) -> Result<Self, TransferError> {
        let address = options.listen.to_string();
        let failed = |source| TransferError::Listen { address: address.clone(), source };
        let listener = TcpListener::bind(options.listen).map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => TransferError::PortTaken { address: address.clone() },
            _ => failed(source),
        })?;
        if let Err(error) = rlimit::raise() {
            warn!(%error, "cannot raise the limit on open files: with many connections, some will have to wait");
        }
        let bound = listener.local_addr().map_err(failed)?;
        let listener = Arc::new(listener);
        let (shared, fingerprint) = Shared::new(options, policy)?;
        let shared = Arc::new(shared);
        let threads = start_threads(&shared, &listener).map_err(failed)?;
        Ok(Self { address: bound, fingerprint, shared, listener, threads })
    }

    /// Returns the address of the control port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the quota on everything below the root, for other writers there.
    pub fn quota(&self) -> Quota {
        self.shared.quota.clone()
    }

    /// Returns the fingerprint of the server's certificate.
    pub fn fingerprint(&self) -> CertificateFingerprint {
        self.fingerprint
    }
}

fn start_threads(shared: &Arc<Shared>, listener: &Arc<TcpListener>) -> io::Result<Vec<JoinHandle<()>>> {
    let (acceptor, timer, quota) = (Arc::clone(shared), Arc::clone(shared), Arc::clone(shared));
    let listener = Arc::clone(listener);
    let builder = |name: &str| thread::Builder::new().name(name.into());
    Ok(vec![
        builder("acceptor").spawn(move || accept::accept_loop(&acceptor, &listener))?,
        builder("timer").spawn(move || maintenance::enforce_deadlines(&timer))?,
        builder("quota").spawn(move || maintenance::remeasure_usage(&quota))?,
    ])
}

impl Drop for FtpService {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        self.shared.connections.close_all();
        // Wakes the acceptor at once; where this has no effect, the acceptor notices the shutdown after one tick.
        let _ = shutdown(&self.listener, Shutdown::Both);
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            // A thread that panicked has ended, too.
            let _ = thread.join();
        }
        let deadline = Instant::now() + SESSION_END_TIMEOUT;
        while !self.shared.connections.is_empty() && Instant::now() < deadline {
            self.shared.connections.close_all();
            thread::sleep(Duration::from_millis(2));
        }
    }
}
