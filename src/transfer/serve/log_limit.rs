//! How much clients that have not logged in can make the server log.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::foundation::text::sanitize;

/// Lines of one kind in each period; the others are only counted.
const MOST_LINES: u64 = 100;
const PERIOD: Duration = Duration::from_mins(1);

/// Characters of a text that such a client chose.
const LONGEST_TEXT: usize = 64;

/// Lines of one kind.
#[derive(Debug, Default)]
pub(super) struct LogLimit(Mutex<Period>);

#[derive(Debug, Default)]
struct Period {
    /// When its first line came.
    begun: Option<Instant>,
    lines: u64,
}

impl LogLimit {
    /// Counts a line; whether it may be written.
    pub(super) fn admits(&self, now: Instant) -> bool {
        let mut period = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        period.begun.get_or_insert(now);
        period.lines += 1;
        period.lines <= MOST_LINES
    }

    /// How many lines were not written in the period, if it is over or the last one and there were any.
    pub(super) fn left_out(&self, now: Instant, is_last: bool) -> Option<u64> {
        let mut period = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        period.begun.filter(|begun| is_last || now.duration_since(*begun) >= PERIOD)?;
        let lines = std::mem::take(&mut *period).lines;
        lines.checked_sub(MOST_LINES).filter(|lines| *lines > 0)
    }
}

/// A text that a client chose, cut and without what commands a terminal.
pub(super) fn shortened(text: &str) -> String {
    sanitize(text).chars().take(LONGEST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_the_most_are_counted_and_told_of_once() {
        let (limit, now) = (LogLimit::default(), Instant::now());
        assert_eq!((0..250).filter(|_| limit.admits(now)).count() as u64, MOST_LINES);
        assert_eq!(limit.left_out(now, false), None, "the period is not over");
        let later = now + PERIOD;
        assert_eq!((limit.left_out(later, false), limit.left_out(later, false)), (Some(150), None));
        assert!(limit.admits(later));
        assert_eq!(limit.left_out(later, true), None, "nothing was left out");
        assert_eq!(shortened(&"\u{1b}".repeat(9000)), "\u{FFFD}".repeat(LONGEST_TEXT));
    }
}
