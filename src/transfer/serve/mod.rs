//! The FTPS server: one account, one directory, and bounds on everything that a client can ask for. A thread for each
//! connection, and one for each transfer, so that the client is heard meanwhile; one more ends what is late.

mod accept;
mod active_transfer;
mod auth;
mod background_writer;
mod connections;
mod control;
mod data;
mod files;
mod listing;
mod log_limit;
mod login_throttle;
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
use shared::Shared;

/// How long sessions are waited for when the service stops.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(500);

/// What a client wants to do to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Write into a file.
    Write,
    /// Make a folder.
    MakeFolder,
    /// Remove a file or folder.
    Remove,
    /// Take away a name, to give another one.
    RenameFrom,
    /// Give this name.
    RenameTo,
}

/// What clients may do where, and who hears of what they did.
pub trait AccessPolicy: Send + Sync {
    /// Whether clients may do this to the place with these names.
    fn permits(&self, action: Action, place: &[String]) -> bool;

    /// A file came to be there, or got its name.
    fn on_upload(&self);
}

/// Bounds.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// How long a connection may take to log in.
    pub login: Duration,
    /// How long one that has may say nothing.
    pub idle: Duration,
    /// How long a transfer may stand still.
    pub transfer: Duration,
    /// Connections at once.
    pub connections: usize,
    /// Failed logins from one address before it has to wait.
    pub failed_logins: u32,
    /// Bytes below the root, all together.
    pub disk: Option<u64>,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            login: Duration::from_secs(30),
            idle: Duration::from_mins(5),
            transfer: Duration::from_mins(1),
            connections: 256,
            failed_logins: 10,
            disk: None,
        }
    }
}

/// What to serve, where, and to whom.
pub struct ServeOptions {
    /// The root.
    pub root: PathBuf,
    /// Where to listen; port 0 is any free one.
    pub listen: SocketAddr,
    /// The account.
    pub user: String,
    /// Its password.
    pub password: Secret<String>,
    /// Certificates (PEM), the server's own first.
    pub certificates: Vec<u8>,
    /// Its private key (PEM).
    pub key: Secret<Vec<u8>>,
    /// Ports of data connections; any free one if there are none named.
    pub passive_ports: Option<RangeInclusive<u16>>,
    /// The address that clients reach it at, if that is another one than it has.
    pub public_address: Option<Ipv4Addr>,
    /// Whether logins and data are taken in plain, too.
    pub plain: bool,
    /// Bounds.
    pub limits: ServerLimits,
}

impl ServeOptions {
    /// On any free port of the loopback interface, under TLS, with the usual bounds.
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
            plain: false,
            limits: ServerLimits::default(),
        }
    }
}

/// A server at work; it stops when dropped.
pub struct FtpService {
    address: SocketAddr,
    fingerprint: CertificateFingerprint,
    shared: Arc<Shared>,
    listener: Arc<TcpListener>,
    threads: Vec<JoinHandle<()>>,
}

impl FtpService {
    /// Listens from now on.
    ///
    /// # Errors
    /// [`TransferError::PortTaken`], [`TransferError::Listen`].
    pub fn start(options: ServeOptions, rules: Arc<dyn AccessPolicy>) -> Result<Self, TransferError> {
        let address = options.listen.to_string();
        let failed = |source| TransferError::Listen { address: address.clone(), source };
        let listener = TcpListener::bind(options.listen).map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => TransferError::PortTaken { address: address.clone() },
            _ => failed(source),
        })?;
        if let Err(error) = rlimit::raise() {
            warn!(%error, "no more open files are allowed: with many connections, some will wait");
        }
        let bound = listener.local_addr().map_err(failed)?;
        let listener = Arc::new(listener);
        let (house, fingerprint) = Shared::new(options, rules)?;
        let house = Arc::new(house);
        let (door, janitor, measurer) = (Arc::clone(&house), Arc::clone(&house), Arc::clone(&house));
        let entrance = Arc::clone(&listener);
        let threads = vec![
            thread::Builder::new().name("door".into()).spawn(move || door.accept_loop(&entrance)).map_err(failed)?,
            thread::Builder::new().name("janitor".into()).spawn(move || janitor.enforce_deadlines()).map_err(failed)?,
            thread::Builder::new().name("quota".into()).spawn(move || measurer.keep_measuring()).map_err(failed)?,
        ];
        Ok(Self { address: bound, fingerprint, shared: house, listener, threads })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What everything below its root may take, for whoever else writes there.
    pub fn quota(&self) -> Quota {
        self.shared.quota.clone()
    }

    /// What its certificate is known by.
    pub fn fingerprint(&self) -> CertificateFingerprint {
        self.fingerprint
    }
}

impl Drop for FtpService {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        self.shared.connections.close_all();
        // Who waits at the door or for the next tick wakes at once; where that does not work, after a tick.
        let _woken = shutdown(&self.listener, Shutdown::Both);
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            // Its end is all that matters.
            drop(thread.join());
        }
        let deadline = Instant::now() + SHUTDOWN_GRACE;
        while !self.shared.connections.is_empty() && Instant::now() < deadline {
            self.shared.connections.close_all();
            thread::sleep(Duration::from_millis(2));
        }
    }
}
