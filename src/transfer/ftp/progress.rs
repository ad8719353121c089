//! Progress of an upload, in which each byte counts once although an attempt may send it again.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::foundation::observer::{Cancelled, Observer, Stage};

/// Reports bytes to `observer` when they go beyond what has been reported before.
pub(super) struct UploadProgress<'o> {
    observer: &'o dyn Observer,
    /// The largest offset at which an attempt has begun.
    max_start: AtomicU64,
    position: AtomicU64,
    reported: AtomicU64,
}

impl<'o> UploadProgress<'o> {
    pub(super) fn new(observer: &'o dyn Observer) -> Self {
        Self { observer, max_start: AtomicU64::new(0), position: AtomicU64::new(0), reported: AtomicU64::new(0) }
    }

    /// Begins an attempt at `offset`. Returns how much further that is than the start of any attempt before.
    pub(super) fn begin_at(&self, offset: u64) -> u64 {
        self.position.store(offset, Ordering::Relaxed);
        self.report();
        offset.saturating_sub(self.max_start.fetch_max(offset, Ordering::Relaxed))
    }

    fn report(&self) {
        let position = self.position.load(Ordering::Relaxed);
        let reported = self.reported.fetch_max(position, Ordering::Relaxed);
        self.observer.advance(position.saturating_sub(reported));
    }
}

impl Observer for UploadProgress<'_> {
    fn begin(&self, stage: Stage, total: u64) {
        self.observer.begin(stage, total);
    }

    fn advance(&self, bytes: u64) {
        self.position.fetch_add(bytes, Ordering::Relaxed);
        self.report();
    }

    fn end(&self) {
        self.observer.end();
    }

    fn notice(&self, message: &str) {
        self.observer.notice(message);
    }

    fn check_cancelled(&self) -> Result<(), Cancelled> {
        self.observer.check_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::observer::NullObserver;

    #[test]
    fn only_the_distance_beyond_earlier_starts_is_returned() {
        let observer = NullObserver::default();
        let progress = UploadProgress::new(&observer);
        assert_eq!([0, 5, 0, 5, 4, 6].map(|offset| progress.begin_at(offset)), [0, 5, 0, 0, 0, 1]);
    }
}
