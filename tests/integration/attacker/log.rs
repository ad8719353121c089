//! What the attacker's connections know together, and what is noted of each.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::plan::{Direction, Manipulation};
use super::recording::Recording;

/// What befalls a connection, by its number.
pub(super) type Plan = Box<dyn Fn(u64) -> Manipulation + Send + Sync>;

/// What all know.
pub(super) struct Shared {
    pub(super) upstream: Mutex<SocketAddr>,
    pub(super) plan: Plan,
    pub(super) recordings: Mutex<Vec<Recording>>,
    pub(super) struck: AtomicU64,
}

/// What is noted of one connection, until this is dropped.
pub(super) struct Log {
    number: u64,
    pub(super) shared: Arc<Shared>,
}

impl Log {
    /// Of the next one.
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let mut recordings = shared.recordings.lock().unwrap();
        recordings.push(Recording::default());
        Self { number: recordings.len() as u64 - 1, shared: Arc::clone(shared) }
    }

    /// What is to befall it.
    pub(super) fn plan(&self) -> Manipulation {
        (self.shared.plan)(self.number)
    }

    /// Something is said.
    pub(super) fn hear(&self, direction: Direction, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.with_recording(|recording| recording.add(direction, bytes));
        }
    }

    /// The side that lies in this direction refuses an impostor.
    pub(super) fn refuse(&self, by: Direction, reason: &impl ToString) {
        self.with_recording(|recording| recording.add_refusal(by, reason.to_string()));
    }

    /// A manipulation happens.
    pub(super) fn strike(&self) {
        self.shared.struck.fetch_add(1, Ordering::SeqCst);
    }

    fn with_recording(&self, note: impl FnOnce(&mut Recording)) {
        note(&mut self.shared.recordings.lock().unwrap()[self.number as usize]);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.with_recording(Recording::finish);
    }
}
