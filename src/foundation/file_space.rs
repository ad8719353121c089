//! Quota accounting for one file that is being written: space is reserved before a write and counted after it.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;

use super::quota::{Quota, Reservation, space_of};

/// The quota accounting for one open file. Lengths are in bytes.
#[derive(Debug)]
pub struct FileSpace {
    quota: Quota,
    reservation: Reservation,
    /// The length up to which space is reserved.
    reserved: u64,
    /// The length up to which space counts as used.
    stored: u64,
}

impl FileSpace {
    /// Starts the accounting for a file whose current length is already counted.
    pub fn new(quota: &Quota, length: u64) -> Self {
        Self { quota: quota.clone(), reservation: quota.empty_reservation(), reserved: length, stored: length }
    }

    /// Adds a reservation, which is used before more space is reserved.
    pub fn add(&mut self, reservation: Reservation) {
        self.reservation.absorb(reservation);
    }

    /// Truncates the file to `length`.
    ///
    /// # Errors
    /// Truncation fails.
    pub fn truncate(&mut self, file: &File, length: u64) -> io::Result<()> {
        let _lock = self.quota.lock_changes();
        file.set_len(length)?;
        self.quota.record(space_of(self.stored), space_of(length));
        (self.reserved, self.stored) = (length, length);
        Ok(())
    }

    /// Reserves the space for appending `bytes` bytes.
    ///
    /// # Errors
    /// [`io::ErrorKind::QuotaExceeded`]; the bytes must not be written then.
    pub fn extend(&mut self, bytes: u64) -> io::Result<()> {
        let length = self.reserved.saturating_add(bytes);
        let needed = space_of(length).saturating_sub(space_of(self.stored));
        self.reservation.grow(needed.saturating_sub(self.reservation.held()))?;
        self.reserved = length;
        Ok(())
    }

    /// Records that `bytes` more bytes are in the file.
    pub fn store(&mut self, bytes: u64) {
        let length = self.stored.saturating_add(bytes);
        self.reservation.commit(space_of(length).saturating_sub(space_of(self.stored)));
        self.stored = length;
        self.reserved = self.reserved.max(length);
    }

    /// Records that `bytes` more bytes are in the file, and that the rest of the extension will not be written.
    pub fn store_last(&mut self, bytes: u64) {
        self.store(bytes);
        self.reserved = self.stored;
    }

    /// Corrects the accounting to the actual length of the file, also after a failed write. No write may follow.
    pub fn reconcile(&mut self, file: &File) {
        let Ok(meta) = file.metadata() else { return };
        // An unlinked file is freed when it is closed.
        let (is_linked, length) = (meta.nlink() > 0, meta.len());
        self.quota.record(space_of(self.stored), if is_linked { space_of(length) } else { 0 });
        (self.reserved, self.stored) = (length, length);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::quota::DISK_BLOCK;
    use super::*;

    #[test]
    fn a_file_is_counted_in_whole_blocks_at_every_length() {
        let quota = Quota::new(10 * DISK_BLOCK);
        let used = || 10 * DISK_BLOCK - quota.free();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        quota.record(0, DISK_BLOCK);
        let mut space = FileSpace::new(&quota, 0);
        space.extend(1).unwrap();
        assert_eq!(used(), DISK_BLOCK, "the first block is not counted when the file is created");
        space.extend(DISK_BLOCK).unwrap();
        assert_eq!(used(), 2 * DISK_BLOCK);
        space.store(DISK_BLOCK + 1);
        assert_eq!(used(), 2 * DISK_BLOCK);
        assert_eq!(space.extend(9 * DISK_BLOCK).unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
        space.extend(9 * DISK_BLOCK - 1).unwrap();
        assert_eq!(quota.free(), 0);
        // Fewer bytes are written than were reserved.
        file.write_all(&[7; 3 * DISK_BLOCK as usize]).unwrap();
        space.reconcile(file.as_file());
        drop(space);
        assert_eq!(used(), 3 * DISK_BLOCK);
        let mut space = FileSpace::new(&quota, 3 * DISK_BLOCK);
        space.truncate(file.as_file(), 1).unwrap();
        assert_eq!((used(), file.as_file().metadata().unwrap().len()), (DISK_BLOCK, 1));
        let file = file.into_file();
        space.reconcile(&file);
        assert_eq!(used(), 0, "an unlinked file uses space");
    }

    #[test]
    fn unwritten_bytes_are_not_reserved_twice() {
        let quota = Quota::new(3 * DISK_BLOCK);
        quota.record(0, DISK_BLOCK);
        let mut space = FileSpace::new(&quota, 0);
        for _ in 0..10 {
            space.extend(3 * DISK_BLOCK).unwrap();
            space.store_last(0);
        }
        space.extend(3 * DISK_BLOCK).unwrap();
        space.store_last(DISK_BLOCK + 1);
        drop(space);
        assert_eq!(quota.free(), DISK_BLOCK);
    }

    #[test]
    fn an_added_reservation_is_used_first() {
        let quota = Quota::new(4 * DISK_BLOCK);
        let before = quota.reserve(3 * DISK_BLOCK).unwrap();
        let mut space = FileSpace::new(&quota, 0);
        space.add(before);
        space.extend(4 * DISK_BLOCK).unwrap();
        assert_eq!(quota.free(), DISK_BLOCK);
        space.store(4 * DISK_BLOCK);
        drop(space);
        assert_eq!(quota.free(), DISK_BLOCK, "the first block of a file is not counted when it is created");
    }
}
