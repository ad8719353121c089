//! Access to a directory tree that other processes may modify: paths are resolved one directory handle at a time,
//! symbolic links are never followed, and devices and pipes are never opened. Changes count toward a quota.
//!
//! A link that appears between two steps changes nothing, because every name is opened relative to a directory handle
//! with `O_NOFOLLOW`. The walk costs one system call per directory and works on every Unix; `openat2` would save the
//! calls on Linux only. cap-std follows links that stay below the root, but a job's directory must not lead to
//! another's.

mod changes;
mod entry;
mod measure;

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{self, AtFlags, Dir, DirEntry, Mode, OFlags};
use rustix::io::Errno;
use rustix::path::Arg;

use super::fs::free_bytes;
use super::quota::Quota;
pub use entry::{Entry, EntryKind};

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const FILE: OFlags = OFlags::NONBLOCK.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// An open directory. All names passed to its methods are names of its entries, never paths.
#[derive(Debug)]
pub struct RootDir {
    directory: OwnedFd,
    quota: Quota,
}

impl RootDir {
    /// Opens the directory at `path` without a quota; symbolic links in `path` are followed.
    ///
    /// # Errors
    /// Opening fails, or `path` is not a directory.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { directory: fs::open(path, DIRECTORY, Mode::empty())?, quota: Quota::unlimited() })
    }

    /// Returns the same directory with a quota, which also applies to all directories opened through it.
    #[must_use]
    pub fn with_quota(self, quota: Quota) -> Self {
        Self { quota, ..self }
    }

    /// Returns the quota that entries count toward.
    pub fn quota(&self) -> &Quota {
        &self.quota
    }

    /// Opens the directory `name`.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotADirectory`] for a symbolic link or any other entry that is not a directory; opening fails.
    pub fn directory(&self, name: impl Arg + Copy) -> io::Result<Self> {
        let opened = fs::openat(&self.directory, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty());
        let directory = opened.map_err(|error| self.explain_link(name, error))?;
        Ok(Self { directory, quota: self.quota.clone() })
    }

    /// Names the symbolic link as the cause, where the system's error message is misleading.
    fn explain_link(&self, name: impl Arg + Copy, error: Errno) -> io::Error {
        match self.entry(name).map(|entry| entry.kind) {
            Ok(EntryKind::SymbolicLink) if [Errno::LOOP, Errno::NOTDIR].contains(&error) => {
                io::Error::new(io::ErrorKind::NotADirectory, "symbolic links are not followed")
            }
            _ => error.into(),
        }
    }

    /// Returns another handle of the same directory.
    ///
    /// # Errors
    /// The process has no file descriptor left.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { directory: self.directory.try_clone()?, quota: self.quota.clone() })
    }

    /// Opens the directory at the relative path that consists of `names`, one directory at a time.
    ///
    /// # Errors
    /// As [`RootDir::directory`].
    pub fn descend(&self, names: &[impl AsRef<str>]) -> io::Result<Self> {
        let mut directory = self.try_clone()?;
        for name in names {
            directory = directory.directory(name.as_ref())?;
        }
        Ok(directory)
    }

    /// Opens the directory `name`, and creates it if it does not exist.
    ///
    /// # Errors
    /// As [`RootDir::directory`] and [`RootDir::make_directory`].
    pub fn directory_or_new(&self, name: impl Arg + Copy) -> io::Result<Self> {
        match self.directory(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => match self.make_directory(name) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                _ => self.directory(name),
            },
            outcome => outcome,
        }
    }

    /// Opens the regular file `name` for reading.
    ///
    /// # Errors
    /// [`io::ErrorKind::PermissionDenied`] if it is not a regular file; opening fails.
    pub fn read(&self, name: impl Arg + Copy) -> io::Result<File> {
        self.open_file(name, OFlags::RDONLY)
    }

    /// Opens the existing regular file `name` for writing.
    ///
    /// # Errors
    /// As [`RootDir::read`].
    pub fn write(&self, name: impl Arg + Copy) -> io::Result<File> {
        if self.entry(name)?.kind != EntryKind::File {
            return Err(not_regular());
        }
        self.open_file(name, OFlags::WRONLY)
    }

    fn open_file(&self, name: impl Arg + Copy, flags: OFlags) -> io::Result<File> {
        // ELOOP: a symbolic link. ENXIO: a socket.
        let map_error =
            |error| if [Errno::LOOP, Errno::NXIO].contains(&error) { not_regular() } else { io::Error::from(error) };
        let opened = fs::openat(&self.directory, name, FILE | flags, Mode::empty());
        let file = File::from(opened.map_err(map_error)?);
        if file.metadata()?.is_file() { Ok(file) } else { Err(not_regular()) }
    }

    /// Returns the metadata of the entry `name`.
    ///
    /// # Errors
    /// The entry does not exist or cannot be examined.
    pub fn entry(&self, name: impl Arg + Copy) -> io::Result<Entry> {
        Ok(Entry::from(&fs::statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    /// Returns the metadata of the directory itself.
    ///
    /// # Errors
    /// The system call fails.
    pub fn itself(&self) -> io::Result<Entry> {
        Ok(Entry::from(&fs::fstat(&self.directory)?))
    }

    /// Returns whether `name` is a regular file.
    pub fn has_file(&self, name: impl Arg + Copy) -> bool {
        self.entry(name).is_ok_and(|entry| entry.kind == EntryKind::File)
    }

    /// Iterates over the entries in the order of the file system.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn entries(&self) -> io::Result<impl Iterator<Item = io::Result<DirEntry>> + use<>> {
        let is_regular_name = |entry: &DirEntry| ![c".", c".."].contains(&entry.file_name());
        let entries = Dir::read_from(&self.directory)?;
        Ok(entries.map(|entry| Ok(entry?)).filter(move |entry| entry.as_ref().map_or(true, is_regular_name)))
    }

    /// Syncs the directory, so that changes to its entries survive a power failure.
    ///
    /// # Errors
    /// Syncing fails.
    pub fn sync(&self) -> io::Result<()> {
        Ok(fs::fsync(&self.directory)?)
    }

    /// Returns the free space of the file system, in bytes; the maximum if it is not reported.
    ///
    /// # Errors
    /// The system call fails.
    pub fn free(&self) -> io::Result<u64> {
        Ok(free_bytes(&fs::fstatvfs(&self.directory)?).unwrap_or(u64::MAX))
    }
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "not a regular file")
}

#[cfg(test)]
mod tests;
