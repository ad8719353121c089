//! Progress reports, notices and cancellation of long operations.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A phase of an operation, with its own total and unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The first pass over the CSV file; in bytes.
    Reading,
    /// The second pass, which encodes and encrypts rows; in rows.
    Encrypting,
    /// Upload to the server; in bytes.
    Uploading,
    /// Addition of ciphertext blocks; in blocks.
    Computing,
    /// Download from the server; in bytes.
    Downloading,
    /// Waiting for the server to add up blocks; in blocks.
    Waiting,
    /// Reading the clear data again for comparison; in bytes.
    Checking,
    /// Waiting for nodes to connect; in nodes.
    Gathering,
    /// Receiving encrypted parts of a message; in bytes of the message.
    Returning,
}

/// The operation was cancelled, by Ctrl-C or a termination signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stopped on request")]
pub struct Cancelled;

/// Receives the progress of an operation and decides whether it continues.
pub trait Observer: Sync {
    /// Begins a stage of `total` units (see [`Stage`]), and ends the current one.
    fn begin(&self, stage: Stage, total: u64);

    /// Advances the current stage by `units`.
    fn advance(&self, units: u64);

    /// Ends the current stage.
    fn end(&self);

    /// Reports something that the user should know although nothing failed.
    fn notice(&self, message: &str);

    /// Checks whether the operation was cancelled.
    ///
    /// # Errors
    /// [`Cancelled`] if it was.
    fn check_cancelled(&self) -> Result<(), Cancelled>;
}

/// Ignores all reports. Cancels the operation once [`NullObserver::stop`] is called on it or a clone.
#[derive(Debug, Clone, Default)]
pub struct NullObserver(Arc<AtomicBool>);

impl From<Arc<AtomicBool>> for NullObserver {
    /// Cancels the operation when the flag is set.
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}

impl NullObserver {
    /// Cancels the operation at its next check.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Observer for NullObserver {
    fn begin(&self, _: Stage, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
    fn notice(&self, _: &str) {}

    fn check_cancelled(&self) -> Result<(), Cancelled> {
        if self.0.load(Ordering::Relaxed) { Err(Cancelled) } else { Ok(()) }
    }
}

/// Forwards notices and cancellation, but no progress: for a nested operation with another unit than the current stage.
pub struct WithoutProgress<'o>(pub &'o dyn Observer);

impl Observer for WithoutProgress<'_> {
    fn begin(&self, _: Stage, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}

    fn notice(&self, message: &str) {
        self.0.notice(message);
    }

    fn check_cancelled(&self) -> Result<(), Cancelled> {
        self.0.check_cancelled()
    }
}
