//! Connections whose handshake is in progress. At capacity the oldest is aborted, so that idle connections cannot block
//! new ones.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;

/// Tasks of the handshakes in progress, oldest first.
#[derive(Debug)]
pub(super) struct PendingHandshakes {
    limit: usize,
    tasks: Mutex<VecDeque<AbortHandle>>,
}

impl PendingHandshakes {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, tasks: Mutex::default() }
    }

    /// Adds a handshake, and aborts the oldest ones above the limit.
    pub(super) fn add(&self, handshake: AbortHandle) {
        let mut running = self.running();
        running.push_back(handshake);
        while running.len() > self.limit {
            running.pop_front().inspect(AbortHandle::abort);
        }
    }

    /// Aborts the oldest handshake, if there is one.
    pub(super) fn abort_oldest(&self) {
        self.running().pop_front().inspect(AbortHandle::abort);
    }

    /// Forgets finished handshakes and returns the rest.
    fn running(&self) -> MutexGuard<'_, VecDeque<AbortHandle>> {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.retain(|handshake| !handshake.is_finished());
        tasks
    }
}
