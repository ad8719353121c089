//! Counts the bytes of a download.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::stages::DOWNLOADING;
use crate::foundation::observer::{Progress, Stage};

/// Counts the bytes of the current download, and forwards all progress to `progress`.
pub(super) struct DownloadProgress<'o> {
    progress: &'o dyn Progress,
    /// Bytes of the current download; 0 if there is none.
    total: AtomicU64,
    /// Bytes received of it.
    received: AtomicU64,
}

impl<'o> DownloadProgress<'o> {
    pub(super) fn new(progress: &'o dyn Progress) -> Self {
        Self { progress, total: 0.into(), received: 0.into() }
    }

    /// Returns the bytes received and the total bytes of the current download, if there is one.
    pub(super) fn downloaded(&self) -> Option<(u64, u64)> {
        let total = self.total.load(Relaxed);
        (total > 0).then(|| (self.received.load(Relaxed), total))
    }
}

impl Progress for DownloadProgress<'_> {
    fn begin(&self, stage: Stage, total: u64) {
        self.total.store(if stage == DOWNLOADING { total } else { 0 }, Relaxed);
        self.received.store(0, Relaxed);
        self.progress.begin(stage, total);
    }

    fn advance(&self, units: u64) {
        self.received.fetch_add(units, Relaxed);
        self.progress.advance(units);
    }

    fn end(&self) {
        self.progress.end();
    }
}
