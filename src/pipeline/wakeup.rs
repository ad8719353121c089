//! Waking whoever waits for datasets, when one comes or when the work is to end.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::foundation::clock::Clock;
use crate::foundation::observer::Observer;

/// How long an end of the work may go unnoticed.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Wakes whoever waits for datasets.
#[derive(Debug, Default)]
pub(super) struct Wakeup {
    notified: Mutex<bool>,
    changed: Condvar,
}

impl Wakeup {
    pub(super) fn notify(&self) {
        *self.notified.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Whether it was rung within `time`.
    fn wait(&self, time: Duration) -> bool {
        let rung = self.notified.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(rung, time, |rung| !*rung);
        let (mut rung, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *rung)
    }
}

/// A clock whose sleep ends when the bell rings or the work is to end.
pub(super) struct InterruptibleClock<'c> {
    pub(super) clock: &'c dyn Clock,
    pub(super) wakeup: &'c Wakeup,
    pub(super) observer: &'c dyn Observer,
}

impl Clock for InterruptibleClock<'_> {
    fn now(&self) -> u64 {
        self.clock.now()
    }

    fn sleep(&self, duration: Duration) {
        let begun = Instant::now();
        while self.observer.check_cancelled().is_ok()
            && !self.wakeup.wait(POLL_INTERVAL.min(duration))
            && begun.elapsed() < duration
        {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bell_that_was_rung_before_is_heard_once() {
        let bell = Wakeup::default();
        bell.notify();
        assert!(bell.wait(Duration::ZERO));
        assert!(!bell.wait(Duration::ZERO));
    }
}
