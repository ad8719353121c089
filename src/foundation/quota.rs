//! A bound on the space that files take: a running total in memory, so that no command has to walk over the files.
//!
//! ```text
//! limit = used (by what is on disk) + reserved (for what is being written) + free
//! ```

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that disks give out at a time; nothing takes less.
pub const BLOCK: u64 = 4096;

/// What clients leave of the limit to the server, so that it can tell them how a job is: folders, a status and the one that
/// replaces it, the record of an attempt. That suffices for a few jobs that fail for want of space, not for hundreds.
pub const MARGIN: u64 = 8 * BLOCK;

/// The space of a file or directory of so many bytes, in whole blocks.
pub fn space_of(bytes: u64) -> u64 {
    bytes.max(1).div_ceil(BLOCK).saturating_mul(BLOCK)
}

/// A share in the bound: all clones count together.
#[derive(Debug, Clone)]
pub struct Quota {
    total: Arc<Total>,
    /// Bytes that reservations made through this clone leave to others.
    margin: u64,
}

#[derive(Debug)]
struct Total {
    limit: u64,
    state: Mutex<State>,
    /// Held while entries of directories change, so that a change and its record are one.
    changes: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    used: u64,
    reserved: u64,
    measurement: Option<Measurement>,
}

/// What has changed since a measurement began, which may have seen it or not.
#[derive(Debug, Default, Clone, Copy)]
struct Measurement {
    grown: u64,
    shrunk: u64,
    /// Bytes that may be on disk and are not yet counted as used.
    unrecorded: u64,
}

impl Quota {
    /// At most so many bytes.
    pub fn new(limit: u64) -> Self {
        let total = Total { limit, state: Mutex::default(), changes: Mutex::default() };
        Self { total: Arc::new(total), margin: 0 }
    }

    /// Without a bound.
    pub fn unlimited() -> Self {
        Self::new(u64::MAX)
    }

    /// Whether there is no bound.
    pub fn is_unlimited(&self) -> bool {
        self.total.limit == u64::MAX
    }

    /// The same, but what is reserved through it leaves `margin` bytes free.
    #[must_use]
    pub fn with_margin(&self, margin: u64) -> Self {
        Self { total: Arc::clone(&self.total), margin }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.total.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that can still be reserved.
    pub fn free(&self) -> u64 {
        self.free_in(&self.state())
    }

    fn free_in(&self, state: &State) -> u64 {
        let taken = state.used.saturating_add(state.reserved).saturating_add(self.margin);
        if self.is_unlimited() { u64::MAX } else { self.total.limit.saturating_sub(taken) }
    }

    /// Sets so many bytes aside.
    ///
    /// # Errors
    /// [`io::ErrorKind::QuotaExceeded`].
    pub fn reserve(&self, bytes: u64) -> io::Result<Reservation> {
        let mut reservation = self.reserve_nothing();
        reservation.grow(bytes).map(|()| reservation)
    }

    /// A reservation that can grow.
    pub fn reserve_nothing(&self) -> Reservation {
        Reservation { quota: self.clone(), held: 0 }
    }

    /// Held by whoever changes entries of a directory, until the change is recorded.
    pub(super) fn changing(&self) -> MutexGuard<'_, ()> {
        self.total.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What took `before` bytes takes `after` now.
    pub(super) fn record(&self, before: u64, after: u64) {
        let mut state = self.state();
        let (grown, shrunk) = (after.saturating_sub(before), before.saturating_sub(after));
        state.used = state.used.saturating_add(grown).saturating_sub(shrunk);
        if let Some(measurement) = &mut state.measurement {
            measurement.grown = measurement.grown.saturating_add(grown);
            measurement.shrunk = measurement.shrunk.saturating_add(shrunk);
        }
    }

    /// Corrects the total by what `measure` finds on disk. Others go on meanwhile: a total that agrees with what was found,
    /// given what has changed since it began, stays as it is; another one becomes the nearest that agrees.
    ///
    /// # Errors
    /// Those of `measure`; then the total stays as it is.
    pub fn measure(&self, measure: impl FnOnce() -> io::Result<u64>) -> io::Result<()> {
        {
            let _changing = self.changing();
            let mut state = self.state();
            state.measurement = Some(Measurement { unrecorded: state.reserved, ..Measurement::default() });
        }
        let found = measure();
        let _changing = self.changing();
        let mut state = self.state();
        let Measurement { grown, shrunk, unrecorded } = state.measurement.take().unwrap_or_default();
        let found = found?;
        let least = found.saturating_sub(shrunk).saturating_sub(unrecorded);
        state.used = state.used.clamp(least, found.saturating_add(grown));
        Ok(())
    }
}

/// Space that was set aside; what is left of it is free again when it is dropped.
#[derive(Debug)]
pub struct Reservation {
    quota: Quota,
    held: u64,
}

impl Reservation {
    /// Bytes that are set aside.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// Sets so many bytes more aside.
    ///
    /// # Errors
    /// [`io::ErrorKind::QuotaExceeded`]; then nothing has changed.
    pub fn grow(&mut self, bytes: u64) -> io::Result<()> {
        let mut state = self.quota.state();
        if self.quota.free_in(&state) < bytes {
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, "no space: this server stores no more"));
        }
        state.reserved = state.reserved.saturating_add(bytes);
        if let Some(measurement) = &mut state.measurement {
            measurement.unrecorded = measurement.unrecorded.saturating_add(bytes);
        }
        self.held += bytes;
        Ok(())
    }

    /// So many of them are on disk now.
    pub fn commit(&mut self, bytes: u64) {
        let bytes = bytes.min(self.held);
        self.held -= bytes;
        let mut state = self.quota.state();
        state.reserved = state.reserved.saturating_sub(bytes);
        state.used = state.used.saturating_add(bytes);
        if let Some(measurement) = &mut state.measurement {
            measurement.grown = measurement.grown.saturating_add(bytes);
            measurement.unrecorded = measurement.unrecorded.saturating_sub(bytes);
        }
    }

    /// Takes over what another one of the same quota holds.
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
