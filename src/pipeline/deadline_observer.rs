//! Work that is to end at a certain time.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::foundation::clock::Clock;
use crate::foundation::observer::{Cancelled, Observer, Stage};

/// How long cleaning up may take, in milliseconds, when the work has ended already.
pub(super) const CLEANUP_MILLISECONDS: u64 = 10_000;

/// Ends the work at a time of the clock, unless that is lifted before; else like the observer that it stands before.
pub(super) struct DeadlineObserver<'o> {
    observer: &'o dyn Observer,
    clock: &'o dyn Clock,
    end: AtomicU64,
    /// Bytes of the download that has begun, if any: all, and those that are here.
    download: [AtomicU64; 2],
}

impl<'o> DeadlineObserver<'o> {
    /// `end` is in the clock's milliseconds.
    pub(super) fn new(observer: &'o dyn Observer, clock: &'o dyn Clock, end: u64) -> Self {
        Self { observer, clock, end: end.into(), download: Default::default() }
    }

    /// From now on, there is no end.
    pub(super) fn lift(&self) {
        self.end.store(u64::MAX, Relaxed);
    }

    /// How many bytes of a download are here, and of how many, once it has begun.
    pub(super) fn downloaded(&self) -> Option<(u64, u64)> {
        let [all, here] = self.download.each_ref().map(|bytes| bytes.load(Relaxed));
        (all > 0).then_some((here, all))
    }

    /// Whether it was the time that ended the work.
    pub(super) fn has_expired(&self) -> bool {
        self.observer.check_cancelled().is_ok() && self.check_cancelled().is_err()
    }
}

impl Observer for DeadlineObserver<'_> {
    fn begin(&self, stage: Stage, total: u64) {
        let [all, here] = &self.download;
        all.store(if stage == Stage::Downloading { total } else { 0 }, Relaxed);
        here.store(0, Relaxed);
        self.observer.begin(stage, total);
    }

    fn advance(&self, units: u64) {
        self.download[1].fetch_add(units, Relaxed);
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
        if self.clock.now() < self.end.load(Relaxed) { Ok(()) } else { Err(Cancelled) }
    }
}
