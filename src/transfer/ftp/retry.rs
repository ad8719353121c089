//! Repeats an operation whose failure may be temporary.
//!
//! Failed attempts are counted since the last 4 KiB of progress, and all attempts together must keep the minimum rate
//! of a single one. So a job completes even if the connection breaks every few kilobytes, but the client gives up on a
//! server that sends one byte per attempt. It does not wait for a server that it has never reached.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use rand_core::Rng;

use super::super::deadline::{MIN_BYTES_PER_TIMEOUT, TICK};
use super::super::error::TransferError;
use super::reconnect::ReconnectingSession;
use super::session::Session;
use crate::foundation::backoff::{CAP, pause};
use crate::foundation::observer::Observer;
use crate::foundation::random;

/// How often an operation may be retried, and until when. Progress renews both, but only in proportion to the bytes: a
/// server that sends one byte per attempt does not keep the client busy for ever.
pub(super) struct RetryBudget {
    /// Failed attempts since the last [`MIN_BYTES_PER_TIMEOUT`] bytes of progress.
    failed: u32,
    max_retries: u32,
    /// Bytes of progress since `failed` was reset.
    bytes: u64,
    timeout: Duration,
    /// The most time that all attempts without progress may take together.
    max_time: Duration,
    expires_at: Instant,
}

impl RetryBudget {
    pub(super) fn new(max_retries: u32, timeout: Duration) -> Self {
        let max_time = (timeout + CAP).saturating_mul(max_retries.saturating_add(1));
        Self { failed: 0, max_retries, bytes: 0, timeout, max_time, expires_at: Instant::now() + max_time }
    }

    /// Records that a transfer got `bytes` further than in any attempt before. As within one attempt,
    /// [`MIN_BYTES_PER_TIMEOUT`] bytes extend the deadline by one timeout.
    pub(super) fn record_progress(&mut self, bytes: u64) {
        let timeouts = bytes as f64 / MIN_BYTES_PER_TIMEOUT;
        let extension = Duration::try_from_secs_f64(self.timeout.as_secs_f64() * timeouts).ok();
        let latest = Instant::now() + self.max_time;
        let extended = extension.and_then(|extension| self.expires_at.checked_add(extension));
        self.expires_at = extended.map_or(latest, |extended| extended.min(latest));
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes as f64 >= MIN_BYTES_PER_TIMEOUT {
            (self.failed, self.bytes) = (0, 0);
        }
    }

    /// Records a failed attempt. Returns whether another one is allowed.
    fn record_failure(&mut self) -> bool {
        if self.failed >= self.max_retries || Instant::now() > self.expires_at {
            return false;
        }
        self.failed += 1;
        true
    }
}

/// Runs `work` in `session`, and again after each temporary failure until `budget` is used up.
pub(super) fn retry<T>(
    session: &mut ReconnectingSession<'_>,
    mut budget: RetryBudget,
    observer: Observer<'_>,
    mut work: impl FnMut(&mut Session, &mut RetryBudget) -> Result<T, TransferError>,
) -> Result<T, TransferError> {
    loop {
        let error = match session.run(|session| work(session, &mut budget)) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        // Cancelling closes the connection, which may look like any other failure.
        observer.check_cancelled()?;
        let may_succeed = error.is_transient() && (session.has_logged_in() || !error.is_unreachable());
        if !may_succeed || !budget.record_failure() {
            return Err(error);
        }
        observer.notice(&format!("{error}; retry {} of {}", budget.failed, budget.max_retries));
        wait(budget.failed, observer)?;
    }
}

/// Waits before the retry with this number, unless `observer` is cancelled.
fn wait(retry: u32, observer: Observer<'_>) -> Result<(), TransferError> {
    let mut random = random::from_system()
        .map_err(|error| TransferError::System { action: "choose a random delay", source: io::Error::other(error) })?;
    let mut remaining = pause(retry, random.next_u32());
    while !remaining.is_zero() {
        observer.check_cancelled()?;
        let step = remaining.min(TICK);
        thread::sleep(step);
        remaining -= step;
    }
    Ok(observer.check_cancelled()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns how many attempts are made if each gets `bytes` further, at most 100.
    fn count(bytes: u64) -> u32 {
        let mut budget = RetryBudget::new(2, Duration::from_secs(30));
        (1..100)
            .find(|_| {
                budget.record_progress(bytes);
                !budget.record_failure()
            })
            .unwrap_or(100)
    }

    #[test]
    fn single_bytes_do_not_renew_the_retries() {
        assert_eq!([0, 1, 1000, 4096, u64::MAX].map(count), [3, 3, 3, 100, 100]);
        assert_eq!(count(2048), 100, "4096 bytes in two attempts are not enough");
    }

    #[test]
    fn slow_progress_does_not_extend_the_deadline_for_ever() {
        let mut budget = RetryBudget::new(2, Duration::from_secs(30));
        budget.expires_at = Instant::now();
        budget.record_progress(4);
        assert!(budget.record_failure());
        budget.expires_at = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
        budget.record_progress(4);
        assert!(!budget.record_failure());
        budget.record_progress(1 << 20);
        assert!(budget.record_failure() && budget.expires_at <= Instant::now() + budget.max_time);
    }
}
