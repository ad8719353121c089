//! Progress reports, notices and cancellation of long operations.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A stage of an operation, as users see it. Each operation defines its own stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// What is being done, such as "uploading".
    pub label: &'static str,
    /// What its progress is measured in.
    pub unit: Unit,
}

/// The unit of a stage's progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes, shown with binary prefixes and a rate.
    Bytes,
    /// Items of this kind, such as "rows".
    Items(&'static str),
    /// Items that the stage's label names; their rate is not shown.
    Count,
}

/// The operation was cancelled, by Ctrl-C or a termination signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stopped on request")]
pub struct Cancelled;

/// Receives the progress of an operation.
pub trait Progress: Sync {
    /// Begins a stage of `total` units, and ends the current one.
    fn begin(&self, stage: Stage, total: u64);

    /// Advances the current stage by `units`.
    fn advance(&self, units: u64);

    /// Ends the current stage.
    fn end(&self);
}

/// Receives notices: what the user should know although nothing failed.
pub trait Notices: Sync {
    /// Reports a notice.
    fn notice(&self, message: &str);
}

/// Decides whether an operation continues.
pub trait Cancel: Sync {
    /// Checks whether the operation was cancelled.
    ///
    /// # Errors
    /// [`Cancelled`] if it was.
    fn check_cancelled(&self) -> Result<(), Cancelled>;
}

/// Where an operation reports to, and what can cancel it.
#[derive(Clone, Copy)]
pub struct Observer<'o> {
    /// Receives the progress.
    pub progress: &'o dyn Progress,
    /// Receives the notices.
    pub notices: &'o dyn Notices,
    /// Can cancel the operation.
    pub cancel: &'o dyn Cancel,
}

impl<'o> Observer<'o> {
    /// Reports progress and notices to `target`, which can also cancel.
    pub fn new<T: Progress + Notices + Cancel>(target: &'o T) -> Self {
        Self { progress: target, notices: target, cancel: target }
    }

    /// Returns an observer that ignores all reports and never cancels.
    pub fn null() -> Self {
        Self::new(&Null)
    }

    /// Replaces the receiver of progress.
    #[must_use]
    pub fn with_progress(self, progress: &'o dyn Progress) -> Self {
        Self { progress, ..self }
    }

    /// Replaces the receiver of notices.
    #[must_use]
    pub fn with_notices(self, notices: &'o dyn Notices) -> Self {
        Self { notices, ..self }
    }

    /// Replaces what can cancel the operation.
    #[must_use]
    pub fn with_cancel(self, cancel: &'o dyn Cancel) -> Self {
        Self { cancel, ..self }
    }

    /// Ignores progress: for a nested operation whose unit differs from that of the current stage.
    #[must_use]
    pub fn without_progress(self) -> Self {
        self.with_progress(&Null)
    }

    /// Ignores notices.
    #[must_use]
    pub fn without_notices(self) -> Self {
        self.with_notices(&Null)
    }

    /// See [`Progress::begin`].
    pub fn begin(&self, stage: Stage, total: u64) {
        self.progress.begin(stage, total);
    }

    /// See [`Progress::advance`].
    pub fn advance(&self, units: u64) {
        self.progress.advance(units);
    }

    /// See [`Progress::end`].
    pub fn end(&self) {
        self.progress.end();
    }

    /// See [`Notices::notice`].
    pub fn notice(&self, message: &str) {
        self.notices.notice(message);
    }

    /// See [`Cancel::check_cancelled`].
    ///
    /// # Errors
    /// [`Cancelled`] if the operation was cancelled.
    pub fn check_cancelled(&self) -> Result<(), Cancelled> {
        self.cancel.check_cancelled()
    }
}

/// Ignores all reports and never cancels.
struct Null;

impl Progress for Null {
    fn begin(&self, _: Stage, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

impl Notices for Null {
    fn notice(&self, _: &str) {}
}

impl Cancel for Null {
    fn check_cancelled(&self) -> Result<(), Cancelled> {
        Ok(())
    }
}

/// A flag that cancels operations. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct CancelFlag(Arc<AtomicBool>);

impl From<Arc<AtomicBool>> for CancelFlag {
    /// Operations are cancelled once `flag` is true.
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}

impl CancelFlag {
    /// Cancels the operations at their next check.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Cancel for CancelFlag {
    fn check_cancelled(&self) -> Result<(), Cancelled> {
        if self.0.load(Ordering::Relaxed) { Err(Cancelled) } else { Ok(()) }
    }
}
