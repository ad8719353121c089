//! A thread that enforces the deadline of the current connection while other code blocks on it.

use std::io;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::super::deadline::{CloseReason, Deadline, TICK};
use super::super::error::TransferError;
use crate::foundation::observer::Cancel;

/// Holds the deadline to enforce. Clones share it.
#[derive(Clone, Default)]
pub(super) struct DeadlineMonitor(Arc<Mutex<Option<Arc<Deadline>>>>);

impl DeadlineMonitor {
    /// Enforces `deadline` from now on, instead of the one before.
    pub(super) fn set(&self, deadline: &Arc<Deadline>) {
        *self.current() = Some(Arc::clone(deadline));
    }

    /// Enforces no deadline until the next call of [`DeadlineMonitor::set`].
    pub(super) fn clear(&self) {
        *self.current() = None;
    }

    fn current(&self) -> MutexGuard<'_, Option<Arc<Deadline>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` while another thread closes the connection once its deadline has passed or the work is cancelled.
    pub(super) fn run<T>(
        &self,
        cancel: &dyn Cancel,
        work: impl FnOnce() -> Result<T, TransferError>,
    ) -> Result<T, TransferError> {
        let (end, ended) = channel::<()>();
        thread::scope(|scope| {
            let enforce = move || {
                while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    self.check(cancel);
                }
            };
            let started = thread::Builder::new().spawn_scoped(scope, enforce);
            started.map_err(|source: io::Error| TransferError::System { action: "start a thread", source })?;
            let outcome = work();
            drop(end);
            outcome
        })
    }

    fn check(&self, cancel: &dyn Cancel) {
        let current = self.current().clone();
        match current {
            Some(deadline) if cancel.check_cancelled().is_err() => deadline.close(CloseReason::Requested),
            Some(deadline) => deadline.tick(),
            None => {}
        }
    }
}
