//! Those who have not shown yet who they are. There is room for some; who comes when there is none takes the place of the
//! one who has been there longest, so that thousands who say nothing keep nobody out.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;

/// The handshakes that are going on.
#[derive(Debug)]
pub(super) struct PendingHandshakes {
    limit: usize,
    tasks: Mutex<VecDeque<AbortHandle>>,
}

impl PendingHandshakes {
    pub(super) fn new(room: usize) -> Self {
        Self { limit: room, tasks: Mutex::default() }
    }

    /// One more; the oldest go as long as there are too many.
    pub(super) fn add(&self, handshake: AbortHandle) {
        let mut inside = self.running();
        inside.push_back(handshake);
        while inside.len() > self.limit {
            inside.pop_front().inspect(AbortHandle::abort);
        }
    }

    /// The oldest goes, if there is one.
    pub(super) fn abort_oldest(&self) {
        self.running().pop_front().inspect(AbortHandle::abort);
    }

    /// Those that are still at it.
    fn running(&self) -> MutexGuard<'_, VecDeque<AbortHandle>> {
        let mut inside = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        inside.retain(|handshake| !handshake.is_finished());
        inside
    }
}
