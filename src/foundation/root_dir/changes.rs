//! Creates, removes and renames entries. Each change is accounted for in the quota atomically.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{self, AtFlags, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;
use rustix::path::Arg;

use super::super::fs::FileId;
use super::super::quota::{DISK_BLOCK, space_of};
use super::entry::length;
use super::{FILE, RootDir};

impl RootDir {
    /// Creates the directory `name`.
    ///
    /// # Errors
    /// [`io::ErrorKind::QuotaExceeded`], or the entry cannot be created.
    pub fn make_directory(&self, name: impl Arg + Copy) -> io::Result<()> {
        self.add(name, || Ok(fs::mkdirat(&self.directory, name, Mode::from_raw_mode(0o777))?))
    }

    /// Creates the file `name` for reading and writing.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if there is such an entry, and as [`RootDir::make_directory`].
    pub fn make_file(&self, name: impl Arg + Copy, mode: u32) -> io::Result<File> {
        let flags = FILE | OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        self.add(name, || Ok(fs::openat(&self.directory, name, flags, Mode::from_raw_mode(mode))?.into()))
    }

    /// Creates an entry with `make`, if the quota has space for the entry and for the growth of the directory itself.
    fn add<T>(&self, name: impl Arg + Copy, make: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let _reserved = self.quota.reserve(2 * DISK_BLOCK)?;
        let _lock = self.quota.lock_changes();
        let before = self.own_space();
        let added = make()?;
        self.quota.record(before, self.own_space() + self.space(name));
        Ok(added)
    }

    /// Removes the file or symbolic link `name`.
    ///
    /// # Errors
    /// The entry cannot be removed, or it is a directory.
    pub fn remove_file(&self, name: impl Arg + Copy) -> io::Result<()> {
        self.remove(name, AtFlags::empty())
    }

    /// Removes the empty directory `name`.
    ///
    /// # Errors
    /// The entry cannot be removed, is not a directory, or is not empty.
    pub fn remove_directory(&self, name: impl Arg + Copy) -> io::Result<()> {
        self.remove(name, AtFlags::REMOVEDIR)
    }

    /// Removes the directory `name` and the files in it.
    ///
    /// # Errors
    /// As [`RootDir::directory`] and [`RootDir::remove_file`]; a directory in it is an error.
    pub fn remove_with_files(&self, name: impl Arg + Copy) -> io::Result<()> {
        let directory = self.directory(name)?;
        for entry in directory.entries()? {
            directory.remove_file(entry?.file_name())?;
        }
        self.remove_directory(name)
    }

    fn remove(&self, name: impl Arg + Copy, flags: AtFlags) -> io::Result<()> {
        let _lock = self.quota.lock_changes();
        let before = self.own_space() + self.space(name);
        fs::unlinkat(&self.directory, name, flags)?;
        self.quota.record(before, self.own_space());
        Ok(())
    }

    /// Renames `old` to `new` in the directory `to`; replaces an existing file.
    ///
    /// # Errors
    /// Renaming fails.
    pub fn replace(&self, old: impl Arg + Copy, to: &Self, new: impl Arg + Copy) -> io::Result<()> {
        let _lock = self.quota.lock_changes();
        let before = self.combined_space(to) + to.space(new);
        fs::renameat(&self.directory, old, &to.directory, new)?;
        self.quota.record(before, self.combined_space(to));
        Ok(())
    }

    /// Renames `old` to `new` in the directory `to`; replaces nothing.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if `new` exists, or renaming fails.
    pub fn rename(&self, old: impl Arg + Copy, to: &Self, new: impl Arg + Copy) -> io::Result<()> {
        let _lock = self.quota.lock_changes();
        let before = self.combined_space(to);
        match fs::renameat_with(&self.directory, old, &to.directory, new, RenameFlags::NOREPLACE) {
            // Some file systems do not support RENAME_NOREPLACE.
            Err(Errno::INVAL | Errno::NOSYS) => {
                fs::linkat(&self.directory, old, &to.directory, new, AtFlags::empty())?;
                fs::unlinkat(&self.directory, old, AtFlags::empty())?;
            }
            outcome => outcome?,
        }
        self.quota.record(before, self.combined_space(to));
        Ok(())
    }

    /// Returns the space of the directory itself; 0 if it cannot be examined, until the next measurement.
    pub(super) fn own_space(&self) -> u64 {
        fs::fstat(&self.directory).map_or(0, |stat| space(&stat))
    }

    /// Returns the space of the entry `name`; 0 if it does not exist. If it cannot be examined, it is not counted until
    /// the next measurement.
    fn space(&self, name: impl Arg + Copy) -> u64 {
        fs::statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW).map_or(0, |stat| space(&stat))
    }

    /// Returns the space of two directories, or of one if they are the same. (If neither can be examined, both have 0.)
    fn combined_space(&self, other: &Self) -> u64 {
        let identity = |directory: &OwnedFd| fs::fstat(directory).map(|stat| FileId::from(&stat)).ok();
        let is_same = identity(&self.directory) == identity(&other.directory);
        if is_same { self.own_space() } else { self.own_space() + other.own_space() }
    }
}

pub(super) fn space(stat: &Stat) -> u64 {
    space_of(length(stat))
}
