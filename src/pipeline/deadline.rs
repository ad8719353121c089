//! Cancels work at a deadline.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::foundation::clock::Clock;
use crate::foundation::observer::{Cancel, Cancelled, Observer};

/// Time limit for cleaning up after the work has ended, in milliseconds.
const CLEANUP_MILLISECONDS: u64 = 10_000;

/// Cancels work at a deadline, unless the deadline is lifted before, or when `other` cancels it.
pub(super) struct DeadlineCancel<'o> {
    other: &'o dyn Cancel,
    clock: &'o dyn Clock,
    /// In the clock's milliseconds.
    expires_at: AtomicU64,
}

impl<'o> DeadlineCancel<'o> {
    /// `expires_at` is in the clock's milliseconds.
    pub(super) fn new(other: &'o dyn Cancel, clock: &'o dyn Clock, expires_at: u64) -> Self {
        Self { other, clock, expires_at: expires_at.into() }
    }

    /// Returns the deadline for cleaning up, which is not cancelled together with the work.
    pub(super) fn for_cleanup(clock: &'o dyn Clock) -> Self {
        Self::new(Observer::null().cancel, clock, clock.now().saturating_add(CLEANUP_MILLISECONDS))
    }

    /// Removes the deadline.
    pub(super) fn lift(&self) {
        self.expires_at.store(u64::MAX, Relaxed);
    }

    /// Whether the deadline cancelled the work.
    pub(super) fn has_expired(&self) -> bool {
        self.other.check_cancelled().is_ok() && self.check_cancelled().is_err()
    }
}

impl Cancel for DeadlineCancel<'_> {
    fn check_cancelled(&self) -> Result<(), Cancelled> {
        self.other.check_cancelled()?;
        if self.clock.now() < self.expires_at.load(Relaxed) { Ok(()) } else { Err(Cancelled) }
    }
}
