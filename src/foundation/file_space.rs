//! The space of one file while it is written: reserved before, counted after.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;

use super::quota::{Quota, Reservation, space_of};

/// What a quota knows of a file that is being written.
#[derive(Debug)]
pub struct FileSpace {
    quota: Quota,
    reservation: Reservation,
    /// The length up to which space is reserved.
    reserved: u64,
    /// The length up to which it counts as used.
    stored: u64,
}

impl FileSpace {
    /// Of a file of this length, which is counted already.
    pub fn of(quota: &Quota, length: u64) -> Self {
        Self { quota: quota.clone(), reservation: quota.reserve_nothing(), reserved: length, stored: length }
    }

    /// Uses this reservation first.
    pub fn add(&mut self, reservation: Reservation) {
        self.reservation.absorb(reservation);
    }

    /// Cuts the file off at `length`.
    ///
    /// # Errors
    /// Those of the system.
    pub fn truncate(&mut self, file: &File, length: u64) -> io::Result<()> {
        let _changing = self.quota.changing();
        file.set_len(length)?;
        self.quota.record(space_of(self.stored), space_of(length));
        (self.reserved, self.stored) = (length, length);
        Ok(())
    }

    /// Reserves what so many bytes more need at the file's end.
    ///
    /// # Errors
    /// [`io::ErrorKind::QuotaExceeded`]; then they must not be written.
    pub fn extend(&mut self, bytes: u64) -> io::Result<()> {
        let length = self.reserved.saturating_add(bytes);
        let needed = space_of(length).saturating_sub(space_of(self.stored));
        self.reservation.grow(needed.saturating_sub(self.reservation.held()))?;
        self.reserved = length;
        Ok(())
    }

    /// So many of the bytes are in the file now.
    pub fn store(&mut self, bytes: u64) {
        let length = self.stored.saturating_add(bytes);
        self.reservation.commit(space_of(length).saturating_sub(space_of(self.stored)));
        self.stored = length;
        self.reserved = self.reserved.max(length);
    }

    /// So many of the bytes for which there was space are in the file now, and the others are not going to be.
    pub fn store_last(&mut self, bytes: u64) {
        self.store(bytes);
        self.reserved = self.stored;
    }

    /// Counts what the file really takes, also when writing it has failed. Nobody may write it any more.
    pub fn settle(&mut self, file: &File) {
        let Ok(meta) = file.metadata() else { return };
        // Without a name it takes nothing once it is closed.
        let (name, length) = (meta.nlink() > 0, meta.len());
        self.quota.record(space_of(self.stored), if name { space_of(length) } else { 0 });
        (self.reserved, self.stored) = (length, length);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::quota::BLOCK;
    use super::*;

    #[test]
    fn a_file_counts_in_whole_blocks_from_its_first_byte_to_its_last() {
        let quota = Quota::new(10 * BLOCK);
        let used = || 10 * BLOCK - quota.free();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        quota.record(0, BLOCK);
        let mut space = FileSpace::of(&quota, 0);
        space.extend(1).unwrap();
        assert_eq!(used(), BLOCK, "the first block is counted since there is a file");
        space.extend(BLOCK).unwrap();
        assert_eq!(used(), 2 * BLOCK);
        space.store(BLOCK + 1);
        assert_eq!(used(), 2 * BLOCK);
        assert_eq!(space.extend(9 * BLOCK).unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
        space.extend(9 * BLOCK - 1).unwrap();
        assert_eq!(quota.free(), 0);
        // Less was written than was to be.
        file.write_all(&[7; 3 * BLOCK as usize]).unwrap();
        space.settle(file.as_file());
        drop(space);
        assert_eq!(used(), 3 * BLOCK);
        let mut space = FileSpace::of(&quota, 3 * BLOCK);
        space.truncate(file.as_file(), 1).unwrap();
        assert_eq!((used(), file.as_file().metadata().unwrap().len()), (BLOCK, 1));
        let file = file.into_file();
        space.settle(&file);
        assert_eq!(used(), 0, "it has lost its name");
    }

    #[test]
    fn what_was_not_written_needs_no_space_twice() {
        let quota = Quota::new(3 * BLOCK);
        quota.record(0, BLOCK);
        let mut space = FileSpace::of(&quota, 0);
        for _ in 0..10 {
            space.extend(3 * BLOCK).unwrap();
            space.store_last(0);
        }
        space.extend(3 * BLOCK).unwrap();
        space.store_last(BLOCK + 1);
        drop(space);
        assert_eq!(quota.free(), BLOCK);
    }

    #[test]
    fn what_was_reserved_before_is_used_first() {
        let quota = Quota::new(4 * BLOCK);
        let before = quota.reserve(3 * BLOCK).unwrap();
        let mut space = FileSpace::of(&quota, 0);
        space.add(before);
        space.extend(4 * BLOCK).unwrap();
        assert_eq!(quota.free(), BLOCK);
        space.store(4 * BLOCK);
        drop(space);
        assert_eq!(quota.free(), BLOCK, "a file's first block is counted when it is made");
    }
}
