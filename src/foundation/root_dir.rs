//! A directory and what is below it, reached one directory at a time: no symbolic link is followed, whoever puts it there
//! and whenever; no device or pipe is opened. What is made and removed counts for a quota.

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

use super::quota::Quota;
pub use entry::{Entry, EntryKind};

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const FILE: OFlags = OFlags::NONBLOCK.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A directory that is open. Names given to it are those of its own entries, never paths.
#[derive(Debug)]
pub struct RootDir {
    directory: OwnedFd,
    quota: Quota,
}

impl RootDir {
    /// Opens `path`, in which links are followed, without a quota.
    ///
    /// # Errors
    /// Those of opening.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { directory: fs::open(path, DIRECTORY, Mode::empty())?, quota: Quota::unlimited() })
    }

    /// The same directory, and all that is reached through it, with this quota.
    #[must_use]
    pub fn with_quota(self, quota: Quota) -> Self {
        Self { quota, ..self }
    }

    /// What entries count for.
    pub fn quota(&self) -> &Quota {
        &self.quota
    }

    /// The directory `name`.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotADirectory`] for a link and whatever else is none, and others.
    pub fn directory(&self, name: impl Arg + Copy) -> io::Result<Self> {
        let opened = fs::openat(&self.directory, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty());
        let directory = opened.map_err(|error| self.unopened(name, error))?;
        Ok(Self { directory, quota: self.quota.clone() })
    }

    /// A link says what it is, for the system's words mislead.
    fn unopened(&self, name: impl Arg + Copy, error: Errno) -> io::Error {
        match self.entry(name).map(|entry| entry.kind) {
            Ok(EntryKind::Link) if [Errno::LOOP, Errno::NOTDIR].contains(&error) => {
                io::Error::new(io::ErrorKind::NotADirectory, "it is a symbolic link, which is not followed")
            }
            _ => error.into(),
        }
    }

    /// Another handle of the same directory.
    ///
    /// # Errors
    /// If the system has none left.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { directory: self.directory.try_clone()?, quota: self.quota.clone() })
    }

    /// The directory to which these names lead.
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

    /// The directory `name`, which is made if it is not there.
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

    /// Opens the regular file `name` to read it.
    ///
    /// # Errors
    /// [`io::ErrorKind::PermissionDenied`] for whatever else it is, and those of the system.
    pub fn read(&self, name: impl Arg + Copy) -> io::Result<File> {
        self.open_file(name, OFlags::RDONLY)
    }

    /// Opens the regular file `name`, which is there, to write it.
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
        // Links and sockets are what must not be there, not what fails here.
        let not_a_link =
            |error| if [Errno::LOOP, Errno::NXIO].contains(&error) { not_regular() } else { io::Error::from(error) };
        let opened = fs::openat(&self.directory, name, FILE | flags, Mode::empty());
        let file = File::from(opened.map_err(not_a_link)?);
        if file.metadata()?.is_file() { Ok(file) } else { Err(not_regular()) }
    }

    /// What `name` is.
    ///
    /// # Errors
    /// Those of the system.
    pub fn entry(&self, name: impl Arg + Copy) -> io::Result<Entry> {
        Ok(Entry::from(&fs::statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    /// What it is itself.
    ///
    /// # Errors
    /// Those of the system.
    pub fn itself(&self) -> io::Result<Entry> {
        Ok(Entry::from(&fs::fstat(&self.directory)?))
    }

    /// Whether `name` is a regular file.
    pub fn has_file(&self, name: impl Arg + Copy) -> bool {
        self.entry(name).is_ok_and(|entry| entry.kind == EntryKind::File)
    }

    /// Its entries, one by one, in the order in which the system has them.
    ///
    /// # Errors
    /// Those of the system.
    pub fn entries(&self) -> io::Result<impl Iterator<Item = io::Result<DirEntry>> + use<>> {
        let is_named = |entry: &DirEntry| ![c".", c".."].contains(&entry.file_name());
        let entries = Dir::read_from(&self.directory)?;
        Ok(entries.map(|entry| Ok(entry?)).filter(move |entry| entry.as_ref().map_or(true, is_named)))
    }

    /// Makes what happened to its entries survive a power cut.
    ///
    /// # Errors
    /// Those of the system.
    pub fn sync(&self) -> io::Result<()> {
        Ok(fs::fsync(&self.directory)?)
    }

    /// Bytes that the file system has free.
    ///
    /// # Errors
    /// Those of the system.
    pub fn free(&self) -> io::Result<u64> {
        let stat = fs::fstatvfs(&self.directory)?;
        // One without blocks does not tell.
        Ok(if stat.f_blocks == 0 { u64::MAX } else { stat.f_bavail.saturating_mul(stat.f_frsize) })
    }
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "it is no regular file")
}

#[cfg(test)]
mod tests;
