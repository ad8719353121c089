//! Atomic file creation: a file appears under its name when it is complete and on disk, or not at all.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rand_core::Rng;

use super::file_space::FileSpace;
use super::fs::{advise_dont_need, if_exists, parent, remove_unlocked_file};
use super::quota::Reservation;
use super::random;
use super::root_dir::{EntryKind, RootDir};

/// The prefix of the temporary names of files that are being written.
pub const TEMPORARY: &str = ".hestat-";

/// The highest number that [`AtomicFile::commit_unique`] appends to a name.
const MAX_SUFFIX: u32 = 1000;

/// The distance behind the write position, in bytes, within which pages are flushed and dropped from the cache.
const WRITEBACK_WINDOW: u64 = 32 << 20;

/// A temporary file in the directory of its target. [`AtomicFile::commit`] renames it to the target; dropping it
/// removes it. Writes are not buffered. The directory is held open, so it may be renamed meanwhile.
#[derive(Debug)]
pub struct AtomicFile {
    directory: RootDir,
    /// The temporary name; `None` once the file has its final name.
    temporary: Option<String>,
    path: PathBuf,
    file: File,
    space: FileSpace,
}

/// The permissions of a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only the owner can read and write (0600).
    Private,
    /// All users can read, and only the owner can write, even if the umask allows more (0644).
    Public,
    /// As the umask allows (0666 before it is applied).
    Shared,
}

impl Access {
    fn mode(self) -> u32 {
        match self {
            Self::Private => 0o600,
            Self::Public => 0o644,
            Self::Shared => 0o666,
        }
    }
}

impl AtomicFile {
    /// Creates the temporary file for `path`.
    ///
    /// # Errors
    /// The temporary file cannot be created, or `path` must not be replaced: it is a device, a pipe, a directory or,
    /// like `/dev/stderr`, a link to an open file.
    pub fn create(path: &Path, access: Access) -> io::Result<Self> {
        let is_open_file = path.read_link().is_ok_and(|target| target.starts_with("/proc"));
        if is_open_file || path.metadata().is_ok_and(|meta| !meta.is_file()) {
            return Err(not_replaceable());
        }
        Self::begin(RootDir::open(parent(path))?, path.into(), access)
    }

    /// Creates the temporary file for `name` in `directory`, which replaces a file or link of that name. It counts
    /// toward the quota of the directory.
    ///
    /// # Errors
    /// As [`AtomicFile::create`]. Creating and writing can also fail with [`io::ErrorKind::QuotaExceeded`].
    pub fn create_in(directory: &RootDir, name: &str, access: Access) -> io::Result<Self> {
        Self::begin(directory.try_clone()?, name.into(), access)
    }

    fn begin(directory: RootDir, path: PathBuf, access: Access) -> io::Result<Self> {
        if directory
            .entry(file_name(&path)?)
            .is_ok_and(|entry| matches!(entry.kind, EntryKind::Directory | EntryKind::Other))
        {
            return Err(not_replaceable());
        }
        let space = FileSpace::new(directory.quota(), 0);
        loop {
            let temporary = temporary_name()?;
            match directory.make_file(temporary.as_str(), access.mode()) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
                Ok(file) => return Ok(Self { directory, temporary: Some(temporary), path, file, space }),
            }
        }
    }

    /// Creates the temporary file for `path` and locks it, so that [`remove_stale`] in another process does not remove
    /// it.
    ///
    /// # Errors
    /// As [`AtomicFile::create`], or locking fails.
    pub fn create_locked(path: &Path, access: Access) -> io::Result<Self> {
        loop {
            let created = Self::create(path, access)?;
            created.file.lock()?;
            // Another process may have removed it as stale before it was locked.
            if created.temporary.as_deref().is_some_and(|temporary| created.directory.has_file(temporary)) {
                return Ok(created);
            }
        }
    }

    /// Adds reserved space, which is used before more is reserved.
    pub fn add_space(&mut self, reservation: Reservation) {
        self.space.add(reservation);
    }

    /// Syncs the file and gives it its name, replacing an existing file.
    ///
    /// # Errors
    /// Syncing or renaming fails. An existing file is unchanged unless syncing the directory fails.
    pub fn commit(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        self.rename_to_target()?;
        self.directory.sync()
    }

    /// Syncs the file and gives it its name or, if that exists, the first free one of `name.2`, `name.3`, …; returns
    /// the path.
    ///
    /// # Errors
    /// Syncing or renaming fails, or all names exist.
    pub fn commit_unique(mut self) -> io::Result<PathBuf> {
        self.file.sync_all()?;
        let path = std::mem::take(&mut self.path);
        let numbered = (2..=MAX_SUFFIX).map(|number| {
            let mut name = path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        });
        for path in std::iter::once(path.clone()).chain(numbered) {
            match self.rename_to_free(file_name(&path)?) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                outcome => return outcome.and_then(|()| self.directory.sync()).map(|()| path),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn rename_to_target(&mut self) -> io::Result<()> {
        self.space.reconcile(&self.file);
        let Some(temporary) = self.temporary.as_deref() else { return Ok(()) };
        self.directory.replace(temporary, &self.directory, file_name(&self.path)?)?;
        self.temporary = None;
        Ok(())
    }

    fn rename_to_free(&mut self, name: &OsStr) -> io::Result<()> {
        let Some(temporary) = self.temporary.as_deref() else { return Ok(()) };
        self.directory.rename(temporary, &self.directory, name)?;
        self.temporary = None;
        Ok(())
    }

    /// Returns another handle of the file, for writing at given offsets before it is committed.
    ///
    /// # Errors
    /// The process has no file descriptor left.
    pub fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Calls [`start_writeback`] for the last `bytes` bytes that were written.
    pub fn start_writeback(&mut self, bytes: u64) {
        if let Ok(end) = self.file.stream_position() {
            start_writeback(&self.file, end.saturating_sub(bytes), bytes);
        }
    }

    /// Gives the file its name without syncing it: for data that may be lost in a power failure.
    ///
    /// # Errors
    /// Renaming fails.
    pub fn commit_unsynced(mut self) -> io::Result<()> {
        self.rename_to_target()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Some(temporary) = self.temporary.as_deref() {
            self.space.reconcile(&self.file);
            // If this fails, `remove_stale` removes the file later.
            let _ = self.directory.remove_file(temporary);
        }
    }
}

fn temporary_name() -> io::Result<String> {
    let mut random = random::from_system().map_err(io::Error::other)?;
    Ok(format!("{TEMPORARY}{:016x}", random.next_u64()))
}

fn not_replaceable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file, so it cannot be replaced by one")
}

/// Removes the temporary files that killed processes left in `directory`, except those that a writer has locked.
///
/// # Errors
/// Reading the directory or removing a file fails.
pub fn remove_stale(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            remove_unlocked_file(&entry.path())?;
        }
    }
    Ok(())
}

/// Checks that a file can be written at `path`, as far as this is possible without writing it. Leaves no file behind.
///
/// # Errors
/// As [`AtomicFile::create`], or the name is not valid, or the existing file may not be replaced.
pub fn probe(path: &Path) -> io::Result<()> {
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if let Some(existing) = if_exists(path.symlink_metadata())? {
        require_replaceable(&existing, parent(path))?;
    }
    AtomicFile::create(path, Access::Private).map(drop)
}

/// In a sticky directory, only the owner of a file, the owner of the directory and root can replace the file.
fn require_replaceable(existing: &Metadata, directory: &Path) -> io::Result<()> {
    let (directory, user) = (directory.metadata()?, rustix::process::geteuid());
    let is_sticky = directory.mode() & 0o1000 != 0;
    let may_replace = user.is_root() || [existing.uid(), directory.uid()].contains(&user.as_raw());
    if is_sticky && !may_replace {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the existing file belongs to another user"));
    }
    Ok(())
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.space.extend(bytes.len() as u64)?;
        let written = self.file.write(bytes);
        self.space.store_last(written.as_ref().map_or(0, |count| *count as u64));
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes `bytes` to the file `path`, atomically.
///
/// # Errors
/// As [`AtomicFile::create`] and [`AtomicFile::commit`], or writing fails.
pub fn write(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let mut file = AtomicFile::create(path, access)?;
    file.write_all(bytes)?;
    file.commit()
}

/// Starts writing `bytes` bytes of `file` at `offset` to disk without waiting, so that the sync at the end takes less
/// time. Pages shortly before them that are on disk already are dropped from the page cache: they are reused for the
/// next writes, and pages of other files stay cached.
pub fn start_writeback(file: &File, offset: u64, bytes: u64) {
    let begin = offset.saturating_sub(WRITEBACK_WINDOW);
    advise_dont_need(file, begin..offset + bytes);
}

fn file_name(path: &Path) -> io::Result<&OsStr> {
    path.file_name().ok_or(io::ErrorKind::InvalidInput.into())
}

#[cfg(test)]
mod tests;
