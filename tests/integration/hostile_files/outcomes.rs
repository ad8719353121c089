//! Counts how many corrupted files were accepted and how many were refused.

use std::cell::Cell;

/// Counters for a test that permits both outcomes. If all cases had the same one, the test would say nothing about the
/// other.
#[derive(Default)]
pub(super) struct Outcomes {
    accepted: Cell<u32>,
    refused: Cell<u32>,
}

impl Outcomes {
    pub(super) fn accept(&self) {
        self.accepted.set(self.accepted.get() + 1);
    }

    pub(super) fn refuse(&self) {
        self.refused.set(self.refused.get() + 1);
    }

    /// Fails unless both outcomes occurred.
    #[track_caller]
    pub(super) fn assert_both(&self) {
        let (accepted, refused) = (self.accepted.get(), self.refused.get());
        assert!(accepted > 0 && refused > 0, "{accepted} accepted, {refused} refused");
    }
}
