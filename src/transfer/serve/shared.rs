//! What all sessions share.

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
use super::log_limit::LogLimit;
use super::login_throttle::LoginThrottle;
use super::virtual_fs::VirtualFs;
use super::virtual_path::VirtualPath;
use super::{AccessPolicy, Action, ServeOptions, ServerLimits, stream};
use crate::crypto::CertificateFingerprint;
use crate::foundation::quota::{MARGIN, Quota};

/// How long a connection that was ended may take to let go of its file.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// Time between two measurements of what is below the root.
const MEASURE_INTERVAL: Duration = Duration::from_secs(5);

/// The same as a multiple of the time that a measurement takes.
const MEASURE_BACKOFF: u32 = 50;

/// Files, bounds and whoever is there.
pub(super) struct Shared {
    pub(super) files: VirtualFs,
    pub(super) tls: Arc<ServerConfig>,
    pub(super) logins: LoginThrottle,
    pub(super) connections: Connections,
    /// What everything below the root may take.
    pub(super) quota: Quota,
    /// Connections whose clients have not logged in.
    pub(super) connections_logged: LogLimit,
    /// Refused logins.
    pub(super) logins_logged: LogLimit,
    /// Held by whoever opens a file to write it, and by whoever takes a name away.
    pub(super) rename_lock: Mutex<()>,
    pub(super) limits: ServerLimits,
    pub(super) passive_ports: Option<RangeInclusive<u16>>,
    pub(super) public_address: Option<Ipv4Addr>,
    pub(super) plain: bool,
    pub(super) policy: Arc<dyn AccessPolicy>,
    pub(super) stopping: AtomicBool,
}

impl Shared {
    pub(super) fn new(
        options: ServeOptions,
        rules: Arc<dyn AccessPolicy>,
    ) -> Result<(Self, CertificateFingerprint), TransferError> {
        let unusable = |what, reason: String| TransferError::Identity { what, reason };
        let certificates = CertificateDer::pem_slice_iter(&options.certificates).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|error| unusable("certificate", error.to_string()))?;
        let none = || unusable("certificate", "there is none in its file (PEM)".into());
        let fingerprint = CertificateFingerprint::of(certificates.first().ok_or_else(none)?);
        let key = PrivateKeyDer::from_pem_slice(options.key.expose());
        let key = key.map_err(|error| unusable("private key", error.to_string()))?;
        let tls = stream::tls(certificates, key).map_err(|error| unusable("private key", error.to_string()))?;
        let root = |source| TransferError::Local { file: options.root.display().to_string(), source };
        let quota = options.limits.disk.map_or_else(Quota::unlimited, Quota::new);
        let house = Self {
            files: VirtualFs::open(&options.root, quota.with_margin(MARGIN)).map_err(&root)?,
            quota,
            tls,
            logins: LoginThrottle::new(options.user, options.password, options.limits.failed_logins),
            connections: Connections::new(options.limits.connections),
            connections_logged: LogLimit::default(),
            logins_logged: LogLimit::default(),
            rename_lock: Mutex::default(),
            limits: options.limits,
            passive_ports: options.passive_ports,
            public_address: options.public_address,
            plain: options.plain,
            policy: rules,
            stopping: AtomicBool::new(false),
        };
        house.measure().map_err(root)?;
        Ok((house, fingerprint))
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    pub(super) fn permit(&self, action: Action, place: &VirtualPath) -> io::Result<()> {
        let permitted = self.policy.permits(action, place.names());
        if permitted { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }

    pub(super) fn on_upload(&self) {
        self.policy.on_upload();
    }

    /// Bytes that clients may still store.
    pub(super) fn free_bytes(&self) -> io::Result<u64> {
        Ok(self.files.free()?.min(self.files.quota().free()))
    }

    /// Finds out how much is used below the root, unless that is not bounded.
    fn measure(&self) -> io::Result<()> {
        if self.quota.is_unlimited() {
            return Ok(());
        }
        self.quota.measure(|| self.files.measure(&|| !self.is_stopping()))
    }

    /// Corrects the running total of what is used by what others than this server have changed, now and then.
    pub(super) fn keep_measuring(&self) {
        let mut pause = MEASURE_INTERVAL;
        while !self.quota.is_unlimited() && !self.is_stopping() {
            self.sleep_or_shutdown(pause);
            let begun = Instant::now();
            // What cannot be measured now may be the next time.
            drop(self.measure());
            pause = MEASURE_INTERVAL.max(begun.elapsed().saturating_mul(MEASURE_BACKOFF));
        }
    }

    /// Tries until nobody else writes at this place; a connection that is stuck there is ended.
    pub(super) fn retry_while_locked<T>(
        &self,
        place: &VirtualPath,
        mut attempt: impl FnMut() -> io::Result<T>,
    ) -> io::Result<T> {
        let deadline = Instant::now() + LOCK_TIMEOUT;
        loop {
            let outcome = {
                let _names = self.rename_lock.lock().unwrap_or_else(PoisonError::into_inner);
                attempt()
            };
            match outcome {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < deadline => {
                    if !self.connections.evict_stalled_writer(place) {
                        return Err(error);
                    }
                    thread::sleep(Duration::from_millis(5));
                }
                outcome => return outcome,
            }
        }
    }

    /// Removes what nobody is writing to.
    pub(super) fn remove(&self, place: &VirtualPath, is_folder: bool) -> io::Result<()> {
        self.retry_while_locked(place, || {
            if self.connections.is_written(place) { Err(written()) } else { self.files.remove(place, is_folder) }
        })?;
        self.files.sync_folder(place)
    }

    /// Gives another name to what is whole. Whoever wrote it may have been cut off before it was on the disk.
    pub(super) fn rename(&self, from: &VirtualPath, to: &VirtualPath) -> io::Result<()> {
        self.files.sync(from)?;
        self.retry_while_locked(from, || {
            if self.connections.is_unfinished(from) {
                return Err(written());
            }
            self.files.rename(from, to).map(|()| self.connections.renamed(from, to))
        })?;
        self.files.sync_folder(from)?;
        self.files.sync_folder(to)
    }

    /// Waits, but not longer than the house stands.
    pub(super) fn sleep_or_shutdown(&self, time: Duration) {
        let end = Instant::now() + time;
        while !self.is_stopping() && Instant::now() < end {
            thread::park_timeout(TICK.min(time));
        }
    }
}

fn written() -> io::Error {
    io::Error::new(io::ErrorKind::WouldBlock, "another connection is writing it")
}
