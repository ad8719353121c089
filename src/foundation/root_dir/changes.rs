//! Making, removing and renaming entries. Each change and what it does to the quota are one.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{self, AtFlags, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;
use rustix::path::Arg;

use super::super::quota::{BLOCK, space_of};
use super::{FILE, RootDir};

impl RootDir {
    /// Makes the directory `name`.
    ///
    /// # Errors
    /// [`io::ErrorKind::QuotaExceeded`], and those of the system.
    pub fn make_directory(&self, name: impl Arg + Copy) -> io::Result<()> {
        self.add(name, || Ok(fs::mkdirat(&self.directory, name, Mode::from_raw_mode(0o777))?))
    }

    /// Makes the file `name`, which is not there, to be read and written.
    ///
    /// # Errors
    /// As [`RootDir::make_directory`].
    pub fn make_file(&self, name: impl Arg + Copy, mode: u32) -> io::Result<File> {
        let flags = FILE | OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        self.add(name, || Ok(fs::openat(&self.directory, name, flags, Mode::from_raw_mode(mode))?.into()))
    }

    /// Makes an entry, if there is space for it and for what the directory itself may grow by.
    fn add<T>(&self, name: impl Arg + Copy, make: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let _reserved = self.quota.reserve(2 * BLOCK)?;
        let _changing = self.quota.changing();
        let before = self.own_space();
        let added = make()?;
        self.quota.record(before, self.own_space() + self.space(name));
        Ok(added)
    }

    /// Removes the file or link `name`.
    ///
    /// # Errors
    /// Those of the system.
    pub fn remove_file(&self, name: impl Arg + Copy) -> io::Result<()> {
        self.remove(name, AtFlags::empty())
    }

    /// Removes the directory `name`, which is empty.
    ///
    /// # Errors
    /// Those of the system.
    pub fn remove_directory(&self, name: impl Arg + Copy) -> io::Result<()> {
        self.remove(name, AtFlags::REMOVEDIR)
    }

    fn remove(&self, name: impl Arg + Copy, flags: AtFlags) -> io::Result<()> {
        let _changing = self.quota.changing();
        let before = self.own_space() + self.space(name);
        fs::unlinkat(&self.directory, name, flags)?;
        self.quota.record(before, self.own_space());
        Ok(())
    }

    /// Renames `old` to `new` in the directory `to`, in place of a file that has this name.
    ///
    /// # Errors
    /// Those of the system.
    pub fn replace(&self, old: impl Arg + Copy, to: &Self, new: impl Arg + Copy) -> io::Result<()> {
        let _changing = self.quota.changing();
        let before = self.both_spaces(to) + to.space(new);
        fs::renameat(&self.directory, old, &to.directory, new)?;
        self.quota.record(before, self.both_spaces(to));
        Ok(())
    }

    /// Renames `old` to `new` in the directory `to`, where nothing may have this name.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`], and those of the system.
    pub fn rename(&self, old: impl Arg + Copy, to: &Self, new: impl Arg + Copy) -> io::Result<()> {
        let _changing = self.quota.changing();
        let before = self.both_spaces(to);
        match fs::renameat_with(&self.directory, old, &to.directory, new, RenameFlags::NOREPLACE) {
            // Some file systems know no such renaming.
            Err(Errno::INVAL | Errno::NOSYS) => {
                fs::linkat(&self.directory, old, &to.directory, new, AtFlags::empty())?;
                fs::unlinkat(&self.directory, old, AtFlags::empty())?;
            }
            outcome => outcome?,
        }
        self.quota.record(before, self.both_spaces(to));
        Ok(())
    }

    pub(super) fn own_space(&self) -> u64 {
        fs::fstat(&self.directory).map_or(0, |stat| space(&stat))
    }

    fn space(&self, name: impl Arg + Copy) -> u64 {
        fs::statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW).map_or(0, |stat| space(&stat))
    }

    /// The space of two directories, or of one if they are the same.
    fn both_spaces(&self, other: &Self) -> u64 {
        let identity = |directory: &OwnedFd| fs::fstat(directory).map(|stat| (stat.st_dev, stat.st_ino)).ok();
        let same = identity(&self.directory) == identity(&other.directory);
        if same { self.own_space() } else { self.own_space() + other.own_space() }
    }
}

pub(super) fn space(stat: &Stat) -> u64 {
    space_of(u64::try_from(stat.st_size).unwrap_or_default())
}
