//! The state that all connections share.
//!
//! A file that is being written cannot be renamed or removed: both happen under the mutex that also guards opening a
//! file for writing, and are refused while a connection writes the file. So a renamed file is always complete, and no
//! upload continues into a removed file, which the disk quota would not count. A writer that has stalled is
//! disconnected when another client wants to use its file.

use std::io;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::super::deadline::TICK;
use super::super::error::TransferError;
use super::connections::Connections;
use super::limits::ServerLimits;
use super::log_limit::LogLimit;
use super::login_throttle::LoginThrottle;
use super::virtual_fs::VirtualFs;
use super::virtual_path::VirtualPath;
use super::{AccessPolicy, Action, ServeOptions, stream};
use crate::crypto::CertificateFingerprint;
use crate::foundation::quota::{MARGIN, Quota};
use crate::foundation::root_dir::EntryKind;

/// How long a command waits for another connection to release its file.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// Pause between two attempts to use a locked file.
const LOCK_RETRY_INTERVAL: Duration = Duration::from_millis(5);

/// The files, the limits, the logins and the open connections.
pub(super) struct Shared {
    pub(super) files: VirtualFs,
    pub(super) tls: Arc<ServerConfig>,
    pub(super) logins: LoginThrottle,
    pub(super) connections: Connections,
    /// Limit on the size of everything below the root, not only of uploads.
    pub(super) quota: Quota,
    /// Limits the log lines about unauthenticated connections.
    pub(super) connection_log: LogLimit,
    /// Limits the log lines about refused logins.
    pub(super) login_log: LogLimit,
    /// Held while a file is opened for writing, renamed or removed.
    rename_lock: Mutex<()>,
    pub(super) limits: ServerLimits,
    pub(super) passive_ports: Option<RangeInclusive<u16>>,
    pub(super) public_address: Option<Ipv4Addr>,
    /// Whether logins and data without TLS are allowed.
    pub(super) allow_plain: bool,
    pub(super) policy: Arc<dyn AccessPolicy>,
    pub(super) stopping: AtomicBool,
}

impl Shared {
    /// Loads the certificate, opens the root and measures its disk usage.
    pub(super) fn new(
        options: ServeOptions,
        policy: Arc<dyn AccessPolicy>,
    ) -> Result<(Self, CertificateFingerprint), TransferError> {
        let (tls, fingerprint) = load_identity(&options)?;
        let root_error = |source| TransferError::Local { file: options.root.display().to_string(), source };
        let quota = options.limits.disk.map_or_else(Quota::unlimited, Quota::new);
        let shared = Self {
            files: VirtualFs::open(&options.root, quota.with_margin(MARGIN)).map_err(&root_error)?,
            quota,
            tls,
            logins: LoginThrottle::new(options.user, options.password, options.limits.failed_logins),
            connections: Connections::new(options.limits.connections),
            connection_log: LogLimit::default(),
            login_log: LogLimit::default(),
            rename_lock: Mutex::default(),
            limits: options.limits,
            passive_ports: options.passive_ports,
            public_address: options.public_address,
            allow_plain: options.allow_plain,
            policy,
            stopping: AtomicBool::new(false),
        };
        shared.measure_usage().map_err(root_error)?;
        Ok((shared, fingerprint))
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Checks the access policy.
    pub(super) fn permit(&self, action: Action, path: &VirtualPath) -> io::Result<()> {
        let permitted = self.policy.permits(action, path.names());
        if permitted { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }

    /// Returns the number of bytes that clients can still store.
    pub(super) fn free_bytes(&self) -> io::Result<u64> {
        Ok(self.files.free()?.min(self.files.quota().free()))
    }

    /// Measures the disk usage below the root, unless it is unlimited.
    pub(super) fn measure_usage(&self) -> io::Result<()> {
        if self.quota.is_unlimited() {
            return Ok(());
        }
        self.quota.measure(|| self.files.measure(&|| !self.is_stopping()))
    }

    /// Repeats `attempt` while another connection writes to `path`, and closes that connection if it has stalled.
    pub(super) fn retry_while_locked<T>(
        &self,
        path: &VirtualPath,
        mut attempt: impl FnMut() -> io::Result<T>,
    ) -> io::Result<T> {
        let deadline = Instant::now() + LOCK_TIMEOUT;
        loop {
            let outcome = {
                let _guard = self.rename_lock.lock().unwrap_or_else(PoisonError::into_inner);
                attempt()
            };
            match outcome {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < deadline => {
                    if !self.connections.evict_stalled_writer(path) {
                        return Err(error);
                    }
                    thread::sleep(LOCK_RETRY_INTERVAL);
                }
                outcome => return outcome,
            }
        }
    }

    /// Removes a file or an empty directory that no connection is writing to.
    pub(super) fn remove(&self, path: &VirtualPath, kind: EntryKind) -> io::Result<()> {
        self.retry_while_locked(path, || {
            if self.connections.is_writing(path) { Err(file_busy()) } else { self.files.remove(path, kind) }
        })?;
        self.files.sync_parent(path)
    }

    /// Renames a complete file or a directory.
    pub(super) fn rename(&self, from: &VirtualPath, to: &VirtualPath) -> io::Result<()> {
        // The connection that wrote the file may have ended before its data was on disk.
        self.files.sync(from)?;
        self.retry_while_locked(from, || {
            if self.connections.is_incomplete(from) {
                return Err(file_busy());
            }
            self.files.rename(from, to).map(|()| self.connections.renamed(from, to))
        })?;
        self.files.sync_parent(from)?;
        self.files.sync_parent(to)
    }

    /// Sleeps for `time`, or until shutdown.
    pub(super) fn sleep_or_shutdown(&self, time: Duration) {
        let end = Instant::now() + time;
        while !self.is_stopping() && Instant::now() < end {
            thread::park_timeout(TICK.min(time));
        }
    }
}

/// Loads the certificates and their private key.
fn load_identity(options: &ServeOptions) -> Result<(Arc<ServerConfig>, CertificateFingerprint), TransferError> {
    let invalid = |what, reason: String| TransferError::Identity { what, reason };
    let certificates = CertificateDer::pem_slice_iter(&options.certificates).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| invalid("certificate", error.to_string()))?;
    let missing = || invalid("certificate", "no PEM certificate found".into());
    let fingerprint = CertificateFingerprint::of(certificates.first().ok_or_else(missing)?);
    let key = PrivateKeyDer::from_pem_slice(options.key.expose());
    let key = key.map_err(|error| invalid("private key", error.to_string()))?;
    let tls = stream::tls_config(certificates, key).map_err(|error| invalid("private key", error.to_string()))?;
    Ok((tls, fingerprint))
}

fn file_busy() -> io::Error {
    io::Error::new(io::ErrorKind::WouldBlock, "another connection is writing the file")
}
