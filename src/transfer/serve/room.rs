//! The room that uploads may fill: given out in portions, so that many of them at once store no more than one alone.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The largest portion, in bytes.
const PORTION: u64 = 32 << 20;

/// The part of what is free that a portion may be; the rest is for others.
const PART: u64 = 16;

/// What was given out and is not stored yet.
#[derive(Debug, Default)]
pub(super) struct Room {
    given: AtomicU64,
    /// Held by whoever measures and is given a portion.
    measuring: Mutex<()>,
}

/// What one upload may store; what is left of it is given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share<'r> {
    room: &'r Room,
    left: u64,
    /// Taken, and not stored yet.
    taken: u64,
}

impl Room {
    /// A share of nothing yet.
    pub(super) fn share(&self) -> Share<'_> {
        Share { room: self, left: 0, taken: 0 }
    }
}

impl Share<'_> {
    /// Takes `bytes` that are going to be stored; `free` measures what the files leave free.
    ///
    /// # Errors
    /// [`io::ErrorKind::QuotaExceeded`], and those of `free`.
    pub(super) fn need(&mut self, bytes: u64, free: impl FnOnce() -> io::Result<u64>) -> io::Result<()> {
        if bytes > self.left {
            self.enlarge(bytes, free)?;
        }
        self.left -= bytes;
        self.taken += bytes;
        Ok(())
    }

    fn enlarge(&mut self, bytes: u64, free: impl FnOnce() -> io::Result<u64>) -> io::Result<()> {
        let _measuring = self.room.measuring.lock().unwrap_or_else(PoisonError::into_inner);
        self.room.given.fetch_sub(std::mem::take(&mut self.left), Ordering::SeqCst);
        // In this order, what is stored meanwhile is counted twice, and not never.
        let given = self.room.given.load(Ordering::SeqCst);
        let free = free()?.saturating_sub(given);
        if free < bytes {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        self.left = (free / PART).min(PORTION).max(bytes);
        self.room.given.fetch_add(self.left, Ordering::SeqCst);
        Ok(())
    }

    /// So many of the bytes that were taken are in a file now.
    pub(super) fn stored(&mut self, bytes: u64) {
        let bytes = bytes.min(self.taken);
        self.taken -= bytes;
        self.room.given.fetch_sub(bytes, Ordering::SeqCst);
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.room.given.fetch_sub(self.left + self.taken, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_together_are_no_more_than_the_room() {
        let room = Room::default();
        let (mut first, mut second) = (room.share(), room.share());
        first.need(600, || Ok(1000)).unwrap();
        assert_eq!(second.need(600, || Ok(1000)).unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
        first.stored(600);
        second.need(400, || Ok(400)).unwrap();
        assert!(first.need(1, || Ok(400)).is_err());
        drop(second);
        first.need(400, || Ok(400)).unwrap();
        drop(first);
        assert_eq!(room.given.into_inner(), 0);
    }

    #[test]
    fn small_uploads_leave_room_for_others() {
        let room = Room::default();
        let mut shares: Vec<Share<'_>> = (0..100).map(|_| room.share()).collect();
        assert!(shares.iter_mut().all(|share| share.need(1000, || Ok(100_000_000)).is_ok()));
    }
}
