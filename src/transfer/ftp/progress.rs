//! Progress of an upload, in which each byte counts once although an attempt may send it again.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::foundation::observer::{Progress, Stage};

/// Reports bytes to `progress` when they go beyond what has been reported before.
pub(super) struct UploadProgress<'o> {
    progress: &'o dyn Progress,
    /// The largest offset at which an attempt has begun.
    max_start: AtomicU64,
    position: AtomicU64,
    reported: AtomicU64,
}

impl<'o> UploadProgress<'o> {
    pub(super) fn new(progress: &'o dyn Progress) -> Self {
        Self { progress, max_start: AtomicU64::new(0), position: AtomicU64::new(0), reported: AtomicU64::new(0) }
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
        self.progress.advance(position.saturating_sub(reported));
    }
}

impl Progress for UploadProgress<'_> {
    fn begin(&self, stage: Stage, total: u64) {
        self.progress.begin(stage, total);
    }

    fn advance(&self, bytes: u64) {
        self.position.fetch_add(bytes, Ordering::Relaxed);
        self.report();
    }

    fn end(&self) {
        self.progress.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::observer::Observer;

    #[test]
    fn only_the_distance_beyond_earlier_starts_is_returned() {
        let progress = UploadProgress::new(Observer::null().progress);
        assert_eq!([0, 5, 0, 5, 4, 6].map(|offset| progress.begin_at(offset)), [0, 5, 0, 0, 0, 1]);
    }
}
