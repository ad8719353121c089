//! How far an upload is, told once for each byte however often it is sent.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::foundation::observer::{Cancelled, Observer, Stage};

/// Tells `observer` of bytes beyond those that it has been told of.
pub(super) struct UploadProgress<'o> {
    observer: &'o dyn Observer,
    begun: AtomicU64,
    position: AtomicU64,
    told: AtomicU64,
}

impl<'o> UploadProgress<'o> {
    pub(super) fn new(observer: &'o dyn Observer) -> Self {
        Self { observer, begun: AtomicU64::new(0), position: AtomicU64::new(0), told: AtomicU64::new(0) }
    }

    /// Another attempt begins at this byte; how much further that is than where any one before it began.
    pub(super) fn begin_at(&self, offset: u64) -> u64 {
        self.position.store(offset, Ordering::Relaxed);
        self.tell();
        offset.saturating_sub(self.begun.fetch_max(offset, Ordering::Relaxed))
    }

    fn tell(&self) {
        let position = self.position.load(Ordering::Relaxed);
        let told = self.told.fetch_max(position, Ordering::Relaxed);
        self.observer.advance(position.saturating_sub(told));
    }
}

impl Observer for UploadProgress<'_> {
    fn begin(&self, stage: Stage, total: u64) {
        self.observer.begin(stage, total);
    }

    fn advance(&self, bytes: u64) {
        self.position.fetch_add(bytes, Ordering::Relaxed);
        self.tell();
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
    fn only_what_was_never_reached_is_further() {
        let silent = NullObserver::default();
        let progress = UploadProgress::new(&silent);
        assert_eq!([0, 5, 0, 5, 4, 6].map(|offset| progress.begin_at(offset)), [0, 5, 0, 0, 0, 1]);
    }
}
