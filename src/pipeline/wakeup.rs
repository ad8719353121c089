//! Wakes the computing thread when a dataset arrives or the work is cancelled.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::foundation::clock::Clock;
use crate::foundation::observer::Cancel;

/// Interval at which a sleeping thread checks for cancellation.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Signals that a dataset has arrived. A notification is kept until a thread waits for it.
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

    /// Waits up to `time` for a notification; returns whether there was one.
    fn wait(&self, time: Duration) -> bool {
        let notified = self.notified.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(notified, time, |notified| !*notified);
        let (mut notified, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *notified)
    }
}

/// A clock whose sleep ends early on a notification or when the work is cancelled.
pub(super) struct InterruptibleClock<'c> {
    pub(super) clock: &'c dyn Clock,
    pub(super) wakeup: &'c Wakeup,
    pub(super) cancel: &'c dyn Cancel,
}

impl Clock for InterruptibleClock<'_> {
    fn now(&self) -> u64 {
        self.clock.now()
    }

    fn sleep(&self, duration: Duration) {
        let start = Instant::now();
        while self.cancel.check_cancelled().is_ok()
            && !self.wakeup.wait(POLL_INTERVAL.min(duration))
            && start.elapsed() < duration
        {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_notification_ends_one_wait() {
        let wakeup = Wakeup::default();
        wakeup.notify();
        assert!(wakeup.wait(Duration::ZERO));
        assert!(!wakeup.wait(Duration::ZERO));
    }
}
