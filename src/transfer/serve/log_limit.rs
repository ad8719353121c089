//! A limit on the log lines that unauthenticated clients can cause.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::foundation::text::sanitize;

/// Maximum number of lines of one kind per period; further lines are only counted.
const MAX_LINES: u64 = 100;

/// The period to which [`MAX_LINES`] applies. It starts with the first line.
const PERIOD: Duration = Duration::from_mins(1);

/// Maximum number of characters of a text that are logged, for texts of unauthenticated clients.
const MAX_LOGGED_TEXT: usize = 64;

/// Counts the log lines of one kind.
#[derive(Debug, Default)]
pub(super) struct LogLimit(Mutex<Period>);

#[derive(Debug, Default)]
struct Period {
    /// Time of its first line.
    started: Option<Instant>,
    lines: u64,
}

impl LogLimit {
    /// Counts a line; returns whether it may be written.
    pub(super) fn admits(&self, now: Instant) -> bool {
        let mut period = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        period.started.get_or_insert(now);
        period.lines += 1;
        period.lines <= MAX_LINES
    }

    /// Ends the period if its time is over or `is_last`; returns how many lines were suppressed in it, if any.
    pub(super) fn take_suppressed(&self, now: Instant, is_last: bool) -> Option<u64> {
        let mut period = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        period.started.filter(|started| is_last || now.duration_since(*started) >= PERIOD)?;
        let lines = std::mem::take(&mut *period).lines;
        lines.checked_sub(MAX_LINES).filter(|lines| *lines > 0)
    }
}

/// Shortens a text from a client, and replaces its control characters.
pub(super) fn truncated(text: &str) -> String {
    sanitize(text).chars().take(MAX_LOGGED_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_the_maximum_are_counted_and_reported_once() {
        let (limit, now) = (LogLimit::default(), Instant::now());
        assert_eq!((0..250).filter(|_| limit.admits(now)).count() as u64, MAX_LINES);
        assert_eq!(limit.take_suppressed(now, false), None, "reported before the period is over");
        let later = now + PERIOD;
        assert_eq!((limit.take_suppressed(later, false), limit.take_suppressed(later, false)), (Some(150), None));
        assert!(limit.admits(later));
        assert_eq!(limit.take_suppressed(later, true), None, "reported although nothing was suppressed");
        assert_eq!(truncated(&"\u{1b}".repeat(9000)), "\u{FFFD}".repeat(MAX_LOGGED_TEXT));
    }
}
