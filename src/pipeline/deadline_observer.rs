//! An observer that cancels the work at a deadline.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::foundation::clock::Clock;
use crate::foundation::observer::{Cancelled, Observer, Stage};

/// Time limit for cleaning up after the work has ended, in milliseconds.
pub(super) const CLEANUP_MILLISECONDS: u64 = 10_000;

/// Cancels the work at a deadline, unless the deadline is lifted before. Everything else is forwarded to `observer`.
pub(super) struct DeadlineObserver<'o> {
    observer: &'o dyn Observer,
    clock: &'o dyn Clock,
    deadline: AtomicU64,
    /// Bytes of the current download; 0 if there is none.
    download_total: AtomicU64,
    /// Bytes received of it.
    received: AtomicU64,
}

impl<'o> DeadlineObserver<'o> {
    /// `deadline` is in the clock's milliseconds.
    pub(super) fn new(observer: &'o dyn Observer, clock: &'o dyn Clock, deadline: u64) -> Self {
        Self { observer, clock, deadline: deadline.into(), download_total: 0.into(), received: 0.into() }
    }

    /// Removes the deadline.
    pub(super) fn lift(&self) {
        self.deadline.store(u64::MAX, Relaxed);
    }

    /// Returns the bytes received and the total bytes of the current download, if there is one.
    pub(super) fn downloaded(&self) -> Option<(u64, u64)> {
        let total = self.download_total.load(Relaxed);
        (total > 0).then(|| (self.received.load(Relaxed), total))
    }

    /// Whether the deadline cancelled the work.
    pub(super) fn has_expired(&self) -> bool {
        self.observer.check_cancelled().is_ok() && self.check_cancelled().is_err()
    }
}

impl Observer for DeadlineObserver<'_> {
    fn begin(&self, stage: Stage, total: u64) {
        self.download_total.store(if stage == Stage::Downloading { total } else { 0 }, Relaxed);
        self.received.store(0, Relaxed);
        self.observer.begin(stage, total);
    }

    fn advance(&self, units: u64) {
        self.received.fetch_add(units, Relaxed);
        self.observer.advance(units);
    }

    fn end(&self) {
        self.observer.end();
    }

    fn notice(&self, message: &str) {
        self.observer.notice(message);
    }

    fn check_cancelled(&self) -> Result<(), Cancelled> {
        self.observer.check_cancelled()?;
        if self.clock.now() < self.deadline.load(Relaxed) { Ok(()) } else { Err(Cancelled) }
    }
}
