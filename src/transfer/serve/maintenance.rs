//! The server's periodic work: closing connections that time out, and measuring the disk usage again.

use std::thread;
use std::time::{Duration, Instant};

use tracing::info;

use super::super::deadline::TICK;
use super::shared::Shared;

/// Minimum time between two measurements of the disk usage.
const MEASURE_INTERVAL: Duration = Duration::from_secs(5);

/// Minimum time between two measurements, as a multiple of the time that the last one took.
const MEASURE_BACKOFF: u32 = 50;

/// Closes connections whose deadline has passed, until the server stops.
pub(super) fn enforce_deadlines(shared: &Shared) {
    while !shared.is_stopping() {
        shared.connections.tick();
        log_suppressed(shared, false);
        thread::park_timeout(TICK);
    }
    log_suppressed(shared, true);
}

/// Logs how many lines the log limits suppressed in the last period.
fn log_suppressed(shared: &Shared, is_last: bool) {
    let now = Instant::now();
    if let Some(lines) = shared.connection_log.take_suppressed(now, is_last) {
        info!(lines, "more connections without a login; not logged one by one");
    }
    if let Some(lines) = shared.login_log.take_suppressed(now, is_last) {
        info!(lines, "more refused logins; not logged one by one");
    }
}

/// Measures the disk usage periodically, since other processes may write below the root, too. Returns when the server
/// stops, or at once if the disk usage is unlimited.
pub(super) fn remeasure_usage(shared: &Shared) {
    let mut pause = MEASURE_INTERVAL;
    while !shared.quota.is_unlimited() && !shared.is_stopping() {
        shared.sleep_or_shutdown(pause);
        let started = Instant::now();
        // A directory that cannot be read now may be readable next time.
        let _ = shared.measure_usage();
        pause = MEASURE_INTERVAL.max(started.elapsed().saturating_mul(MEASURE_BACKOFF));
    }
}
