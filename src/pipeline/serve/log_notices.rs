//! Writes notices to the log.

use tracing::warn;

use crate::foundation::observer::Notices;
use crate::foundation::text::sanitize;

/// Writes notices to the log, as warnings.
pub(super) struct LogNotices;

impl Notices for LogNotices {
    fn notice(&self, message: &str) {
        warn!("{}", sanitize(message));
    }
}
