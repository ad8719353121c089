//! An observer that writes notices to the log.

use tracing::warn;

use crate::foundation::observer::{Cancelled, Observer, Stage};
use crate::foundation::text::sanitize;

/// Writes notices to the log, ignores progress, and is cancelled with the inner observer.
pub(super) struct LogObserver<'o>(pub(super) &'o dyn Observer);

impl Observer for LogObserver<'_> {
    fn begin(&self, _: Stage, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}

    fn notice(&self, message: &str) {
        warn!("{}", sanitize(message));
    }

    fn check_cancelled(&self) -> Result<(), Cancelled> {
        self.0.check_cancelled()
    }
}
