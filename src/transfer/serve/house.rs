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

use super::super::error::TransferError;
use super::super::watch::TICK;
use super::links::Links;
use super::log_limit::LogLimit;
use super::logins::Logins;
use super::names::Place;
use super::tree::Tree;
use super::{Action, Limits, Rules, ServeOptions, wire};
use crate::crypto::Fingerprint;
use crate::foundation::quota::{MARGIN, Quota};

/// How long a connection that was ended may take to let go of its file.
const TIME_TO_GIVE_WAY: Duration = Duration::from_secs(2);

/// Time between two measurements of what is below the root.
const MEASURE_EVERY: Duration = Duration::from_secs(5);

/// The same as a multiple of the time that a measurement takes.
const MEASURE_SELDOM: u32 = 50;

/// Files, bounds and whoever is there.
pub(super) struct House {
    pub(super) tree: Tree,
    pub(super) tls: Arc<ServerConfig>,
    pub(super) logins: Logins,
    pub(super) links: Links,
    /// What everything below the root may take.
    pub(super) quota: Quota,
    /// Connections whose clients have not logged in.
    pub(super) connections_logged: LogLimit,
    /// Refused logins.
    pub(super) logins_logged: LogLimit,
    /// Held by whoever opens a file to write it, and by whoever takes a name away.
    pub(super) names: Mutex<()>,
    pub(super) limits: Limits,
    pub(super) passive_ports: Option<RangeInclusive<u16>>,
    pub(super) public_address: Option<Ipv4Addr>,
    pub(super) plain: bool,
    pub(super) rules: Arc<dyn Rules>,
    pub(super) stopping: AtomicBool,
}

impl House {
    pub(super) fn new(options: ServeOptions, rules: Arc<dyn Rules>) -> Result<(Self, Fingerprint), TransferError> {
        let unusable = |what, reason: String| TransferError::Identity { what, reason };
        let certificates = CertificateDer::pem_slice_iter(&options.certificates).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|error| unusable("certificate", error.to_string()))?;
        let none = || unusable("certificate", "there is none in its file (PEM)".into());
        let fingerprint = Fingerprint::of(certificates.first().ok_or_else(none)?);
        let key = PrivateKeyDer::from_pem_slice(options.key.expose());
        let key = key.map_err(|error| unusable("private key", error.to_string()))?;
        let tls = wire::tls(certificates, key).map_err(|error| unusable("private key", error.to_string()))?;
        let root = |source| TransferError::Local { place: options.root.display().to_string(), source };
        let quota = options.limits.disk.map_or_else(Quota::unlimited, Quota::new);
        let house = Self {
            tree: Tree::open(&options.root, quota.with_margin(MARGIN)).map_err(&root)?,
            quota,
            tls,
            logins: Logins::new(options.user, options.password, options.limits.failed_logins),
            links: Links::new(options.limits.connections),
            connections_logged: LogLimit::default(),
            logins_logged: LogLimit::default(),
            names: Mutex::default(),
            limits: options.limits,
            passive_ports: options.passive_ports,
            public_address: options.public_address,
            plain: options.plain,
            rules,
            stopping: AtomicBool::new(false),
        };
        house.measure().map_err(root)?;
        Ok((house, fingerprint))
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    pub(super) fn permit(&self, action: Action, place: &Place) -> io::Result<()> {
        let permitted = self.rules.permits(action, place.names());
        if permitted { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }

    pub(super) fn arrived(&self) {
        self.rules.arrived();
    }

    /// Bytes that clients may still store.
    pub(super) fn free_bytes(&self) -> io::Result<u64> {
        Ok(self.tree.free()?.min(self.tree.quota().free()))
    }

    /// Finds out how much is used below the root, unless that is not bounded.
    fn measure(&self) -> io::Result<()> {
        if self.quota.is_unlimited() {
            return Ok(());
        }
        self.quota.measure(|| self.tree.measure(&|| !self.is_stopping()))
    }

    /// Corrects the running total of what is used by what others than this server have changed, now and then.
    pub(super) fn keep_measuring(&self) {
        let mut pause = MEASURE_EVERY;
        while !self.quota.is_unlimited() && !self.is_stopping() {
            self.rest(pause);
            let begun = Instant::now();
            // What cannot be measured now may be the next time.
            drop(self.measure());
            pause = MEASURE_EVERY.max(begun.elapsed().saturating_mul(MEASURE_SELDOM));
        }
    }

    /// Tries until nobody else writes at this place; a connection that is stuck there is ended.
    pub(super) fn when_free<T>(&self, place: &Place, mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        let deadline = Instant::now() + TIME_TO_GIVE_WAY;
        loop {
            let outcome = {
                let _names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
                attempt()
            };
            match outcome {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < deadline => {
                    if !self.links.relieve(place) {
                        return Err(error);
                    }
                    thread::sleep(Duration::from_millis(5));
                }
                outcome => return outcome,
            }
        }
    }

    /// Removes what nobody is writing to.
    pub(super) fn remove(&self, place: &Place, is_folder: bool) -> io::Result<()> {
        self.when_free(place, || {
            if self.links.is_written(place) { Err(written()) } else { self.tree.remove(place, is_folder) }
        })?;
        self.tree.sync_folder(place)
    }

    /// Gives another name to what is whole. Whoever wrote it may have been cut off before it was on the disk.
    pub(super) fn rename(&self, from: &Place, to: &Place) -> io::Result<()> {
        self.tree.sync(from)?;
        self.when_free(from, || {
            if self.links.is_unfinished(from) {
                return Err(written());
            }
            self.tree.rename(from, to).map(|()| self.links.renamed(from, to))
        })?;
        self.tree.sync_folder(from)?;
        self.tree.sync_folder(to)
    }

    /// Waits, but not longer than the house stands.
    pub(super) fn rest(&self, time: Duration) {
        let end = Instant::now() + time;
        while !self.is_stopping() && Instant::now() < end {
            thread::park_timeout(TICK.min(time));
        }
    }
}

fn written() -> io::Error {
    io::Error::new(io::ErrorKind::WouldBlock, "another connection is writing it")
}
