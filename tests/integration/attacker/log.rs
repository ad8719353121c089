//! State shared by the attacker's connections, and the log of each.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::manipulation::{Direction, Manipulation};
use super::recording::Recording;

/// Returns what is done to a connection, given its number.
pub(super) type ChooseManipulation = Box<dyn Fn(u64) -> Manipulation + Send + Sync>;

/// State shared by all connections.
pub(super) struct Shared {
    pub(super) upstream: Mutex<SocketAddr>,
    pub(super) choose_manipulation: ChooseManipulation,
    pub(super) recordings: Mutex<Vec<Recording>>,
    pub(super) manipulations: AtomicU64,
}

/// Records one connection. Dropping it marks the recording as finished.
pub(super) struct ConnectionLog {
    number: u64,
    pub(super) shared: Arc<Shared>,
}

impl ConnectionLog {
    /// Starts the recording of the next connection.
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let mut recordings = shared.recordings.lock().unwrap();
        recordings.push(Recording::default());
        Self { number: recordings.len() as u64 - 1, shared: Arc::clone(shared) }
    }

    /// Returns what is to be done to this connection.
    pub(super) fn manipulation(&self) -> Manipulation {
        (self.shared.choose_manipulation)(self.number)
    }

    /// Records bytes that were sent in this direction.
    pub(super) fn record(&self, direction: Direction, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.with_recording(|recording| recording.add(direction, bytes));
        }
    }

    /// Records how a side rejected the impersonation; `by` is the direction in which bytes reach it.
    pub(super) fn reject(&self, by: Direction, reason: &impl ToString) {
        self.with_recording(|recording| recording.add_rejection(by, reason.to_string()));
    }

    /// Counts a manipulation that takes effect now.
    pub(super) fn count_manipulation(&self) {
        self.shared.manipulations.fetch_add(1, Ordering::SeqCst);
    }

    fn with_recording(&self, update: impl FnOnce(&mut Recording)) {
        update(&mut self.shared.recordings.lock().unwrap()[self.number as usize]);
    }
}

impl Drop for ConnectionLog {
    fn drop(&mut self) {
        self.with_recording(Recording::finish);
    }
}
