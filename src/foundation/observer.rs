//! Who watches a long piece of work: it is told how far the work is, and may end it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A stretch of work with a length of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The first pass over the CSV; in bytes.
    Reading,
    /// The second pass: rows encoded and encrypted; in rows.
    Encrypting,
    /// Bytes going to the server.
    Uploading,
    /// Blocks of ciphertext being added up.
    Computing,
    /// Bytes coming from the server.
    Downloading,
    /// Blocks still to be added up on the server while the client waits.
    Waiting,
    /// The clear data being read again for comparison; in bytes.
    Checking,
    /// Nodes being waited for; in nodes.
    Gathering,
    /// Parts of a message coming back encrypted; in bytes of the message.
    Returning,
}

/// The work was asked to end early (Ctrl-C, a termination signal).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stopped on request")]
pub struct Cancelled;

/// Is told of progress and asked whether to go on.
pub trait Observer: Sync {
    /// A stage of `total` units begins (unit: see [`Stage`]); a later call ends the one before.
    fn begin(&self, stage: Stage, total: u64);

    /// `units` more of the current stage are done.
    fn advance(&self, units: u64);

    /// The current stage is over.
    fn end(&self);

    /// Something the user should know although nothing failed.
    fn notice(&self, message: &str);

    /// Whether the work should go on.
    ///
    /// # Errors
    /// [`Cancelled`] if it should end now.
    fn check_cancelled(&self) -> Result<(), Cancelled>;
}

/// Watches silently, and ends the work once [`NullObserver::stop`] was called, on it or on a clone.
#[derive(Debug, Clone, Default)]
pub struct NullObserver(Arc<AtomicBool>);

impl From<Arc<AtomicBool>> for NullObserver {
    /// Ends the work when the flag is set.
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}

impl NullObserver {
    /// Ends the work at its next question.
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

/// Ends the work when the other one does, and tells it of nothing but notices: its stage counts something else.
pub struct Uncounted<'o>(pub &'o dyn Observer);

impl Observer for Uncounted<'_> {
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
