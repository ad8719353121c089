//! Limits the disk space of a directory tree. A running total in memory avoids walking over the files.
//!
//! ```text
//! limit = used (on disk) + reserved (for files that are being written) + free
//! ```
//!
//! Every file that is created, grows, shrinks or is removed through [`RootDir`](super::root_dir::RootDir) and
//! [`FileSpace`](super::file_space::FileSpace) is counted immediately, in whole blocks, including directories. Other
//! programs may change the directory, too, so the server measures it regularly and corrects the total. Uploads continue
//! meanwhile, so a total that is consistent with the measurement is kept.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The allocation unit of disks, in bytes: every entry uses at least this much.
pub const DISK_BLOCK: u64 = 4096;

/// The part of the limit, in bytes, that is reserved for the server, so that it can report the state of a job:
/// directories, a status and its replacement, the record of an attempt. It suffices for a few jobs that fail for lack
/// of space, not for hundreds.
pub const MARGIN: u64 = 8 * DISK_BLOCK;

/// Returns the disk space of a file or directory of this length, in whole blocks.
pub fn space_of(bytes: u64) -> u64 {
    bytes.max(1).div_ceil(DISK_BLOCK).saturating_mul(DISK_BLOCK)
}

/// A limit on disk space. Clones share the same total.
#[derive(Debug, Clone)]
pub struct Quota {
    total: Arc<Total>,
    /// Bytes that reservations through this clone must leave free.
    margin: u64,
}

#[derive(Debug)]
struct Total {
    limit: u64,
    state: Mutex<State>,
    /// Locked while directory entries change, so that a change and its accounting are atomic.
    changes: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    used: u64,
    reserved: u64,
    /// Changes since the last measurement began.
    since_measurement: Changes,
}

/// Changes that a measurement may or may not have seen. All values in bytes.
#[derive(Debug, Default, Clone, Copy)]
struct Changes {
    grown: u64,
    shrunk: u64,
    /// Bytes that may be on disk but do not count as used yet.
    unrecorded: u64,
}

impl Quota {
    /// Creates a quota of `limit` bytes.
    pub fn new(limit: u64) -> Self {
        let total = Total { limit, state: Mutex::default(), changes: Mutex::default() };
        Self { total: Arc::new(total), margin: 0 }
    }

    /// Creates a quota without a limit.
    pub fn unlimited() -> Self {
        Self::new(u64::MAX)
    }

    /// Returns whether there is no limit.
    pub fn is_unlimited(&self) -> bool {
        self.total.limit == u64::MAX
    }

    /// Returns the same quota, but reservations through it leave `margin` bytes free.
    #[must_use]
    pub fn with_margin(&self, margin: u64) -> Self {
        Self { total: Arc::clone(&self.total), margin }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.total.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of bytes that can still be reserved.
    pub fn free(&self) -> u64 {
        self.free_in(&self.state())
    }

    fn free_in(&self, state: &State) -> u64 {
        let taken = state.used.saturating_add(state.reserved).saturating_add(self.margin);
        if self.is_unlimited() { u64::MAX } else { self.total.limit.saturating_sub(taken) }
    }

    /// Reserves `bytes` bytes.
    ///
    /// # Errors
    /// [`io::ErrorKind::QuotaExceeded`] if fewer are free.
    pub fn reserve(&self, bytes: u64) -> io::Result<Reservation> {
        let mut reservation = self.empty_reservation();
        reservation.grow(bytes).map(|()| reservation)
    }

    /// Creates a reservation of 0 bytes, which can grow.
    pub fn empty_reservation(&self) -> Reservation {
        Reservation { quota: self.clone(), held: 0 }
    }

    /// Locks directory entries until a change of them is recorded.
    pub(super) fn lock_changes(&self) -> MutexGuard<'_, ()> {
        self.total.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that entries that used `before` bytes now use `after`.
    pub(super) fn record(&self, before: u64, after: u64) {
        let mut state = self.state();
        let (grown, shrunk) = (after.saturating_sub(before), before.saturating_sub(after));
        state.used = state.used.saturating_add(grown).saturating_sub(shrunk);
        let changes = &mut state.since_measurement;
        changes.grown = changes.grown.saturating_add(grown);
        changes.shrunk = changes.shrunk.saturating_add(shrunk);
    }

    /// Corrects the total with the number of bytes that `measure` finds on disk.
    ///
    /// Other threads may change files meanwhile, so the result is a range: a total within it is kept, any other is
    /// moved to the nearest end. Measurements must not overlap.
    ///
    /// # Errors
    /// Those of `measure`; the total is then unchanged.
    pub fn measure(&self, measure: impl FnOnce() -> io::Result<u64>) -> io::Result<()> {
        {
            let _lock = self.lock_changes();
            let mut state = self.state();
            state.since_measurement = Changes { unrecorded: state.reserved, ..Changes::default() };
        }
        let found = measure();
        let _lock = self.lock_changes();
        let mut state = self.state();
        let Changes { grown, shrunk, unrecorded } = state.since_measurement;
        let found = found?;
        let least = found.saturating_sub(shrunk).saturating_sub(unrecorded);
        state.used = state.used.clamp(least, found.saturating_add(grown));
        Ok(())
    }
}

/// Reserved disk space. The uncommitted rest is freed when it is dropped.
#[derive(Debug)]
pub struct Reservation {
    quota: Quota,
    held: u64,
}

impl Reservation {
    /// Returns the number of bytes that are reserved and not committed.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// Reserves `bytes` more bytes.
    ///
    /// # Errors
    /// [`io::ErrorKind::QuotaExceeded`] if fewer are free; the reservation is then unchanged.
    pub fn grow(&mut self, bytes: u64) -> io::Result<()> {
        let mut state = self.quota.state();
        if self.quota.free_in(&state) < bytes {
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, "storage quota exceeded"));
        }
        state.reserved = state.reserved.saturating_add(bytes);
        let changes = &mut state.since_measurement;
        changes.unrecorded = changes.unrecorded.saturating_add(bytes);
        self.held += bytes;
        Ok(())
    }

    /// Records that `bytes` of the reserved bytes are on disk now.
    pub fn commit(&mut self, bytes: u64) {
        let bytes = bytes.min(self.held);
        self.held -= bytes;
        let mut state = self.quota.state();
        state.reserved = state.reserved.saturating_sub(bytes);
        state.used = state.used.saturating_add(bytes);
        let changes = &mut state.since_measurement;
        changes.grown = changes.grown.saturating_add(bytes);
        changes.unrecorded = changes.unrecorded.saturating_sub(bytes);
    }

    /// Takes over the bytes of another reservation of the same quota.
    pub fn absorb(&mut self, mut other: Self) {
        self.held = self.held.saturating_add(std::mem::take(&mut other.held));
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut state = self.quota.state();
        state.reserved = state.reserved.saturating_sub(self.held);
    }
}

#[cfg(test)]
mod tests;
