//! A file appears under its name whole and on disk, or not at all.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Seek, Write};
use std::num::NonZeroU64;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rand_core::Rng;
use rustix::fs::{Advice, fadvise};

use super::file_space::FileSpace;
use super::quota::Reservation;
use super::root_dir::{EntryKind, RootDir};
use super::{open_regular, random};

/// Begins the names of files that have not got theirs yet.
pub const TEMPORARY: &str = ".hestat-";

/// The most files that share one name but for a number.
const MOST_NAMESAKES: u32 = 1000;

/// Bytes behind what is being written that may still be on their way to the disk.
const KEPT: u64 = 32 << 20;

/// Writes, unbuffered, to a hidden neighbour of a file that takes its name when [`AtomicFile::commit`]ted and vanishes when
/// dropped. Both are reached through their directory, which may get another name meanwhile.
#[derive(Debug)]
pub struct AtomicFile {
    directory: RootDir,
    /// The name that it has now, unless it has its own.
    hidden: Option<String>,
    path: PathBuf,
    file: File,
    space: FileSpace,
}

/// Who may use a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Its owner only (0600).
    Private,
    /// Everybody, but nobody else can write to it, whatever the user's mask says (0644).
    Public,
    /// Whoever the user's mask lets.
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
    /// Begins a file that will be called `path`.
    ///
    /// # Errors
    /// If the neighbour cannot be made, or if `path` is a device, a pipe, a directory or, as `/dev/stderr` is, a name for an open
    /// file: taking its name would destroy it.
    pub fn create(path: &Path, access: Access) -> io::Result<Self> {
        // Also where a link leads to one.
        let is_open_file = path.read_link().is_ok_and(|target| target.starts_with("/proc"));
        if is_open_file || path.metadata().is_ok_and(|meta| !meta.is_file()) {
            return Err(not_replaceable());
        }
        Self::begin(RootDir::open(folder(path))?, path.into(), access)
    }

    /// Begins a file that will be called `name` in `directory`, in place of a file or link that is there; it counts for the
    /// directory's quota.
    ///
    /// # Errors
    /// As [`AtomicFile::create`]; [`io::ErrorKind::QuotaExceeded`], also while it is written.
    pub fn create_in(directory: &RootDir, name: &str, access: Access) -> io::Result<Self> {
        Self::begin(directory.try_clone()?, name.into(), access)
    }

    fn begin(directory: RootDir, path: PathBuf, access: Access) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        if directory.entry(name).is_ok_and(|entry| matches!(entry.kind, EntryKind::Directory | EntryKind::Other)) {
            return Err(not_replaceable());
        }
        let space = FileSpace::of(directory.quota(), 0);
        loop {
            let hidden = hidden_name()?;
            match directory.make_file(hidden.as_str(), access.mode()) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
                Ok(file) => return Ok(Self { directory, hidden: Some(hidden), path, file, space }),
            }
        }
    }

    /// The same in a folder that others may [`remove_stale`]: they see that somebody writes it.
    ///
    /// # Errors
    /// As [`AtomicFile::create`], and if it cannot be locked.
    pub fn create_locked(path: &Path, access: Access) -> io::Result<Self> {
        loop {
            let begun = Self::create(path, access)?;
            begun.file.lock()?;
            // A sweep that sees it before the lock takes it for abandoned.
            if begun.hidden.as_deref().is_some_and(|hidden| begun.directory.has_file(hidden)) {
                return Ok(begun);
            }
        }
    }

    /// Uses space that was reserved for it before it takes other space.
    pub fn add_space(&mut self, reservation: Reservation) {
        self.space.add(reservation);
    }

    /// Puts the file on disk under its name, in place of one that has it.
    ///
    /// # Errors
    /// If syncing or renaming fails; then nothing has changed under the name.
    pub fn commit(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        self.take_name()?;
        self.directory.sync()
    }

    /// Puts the file on disk under its name or, where a file has that, under the first of `name.2`, `name.3`, … that is
    /// free; returns where.
    ///
    /// # Errors
    /// If syncing or renaming fails.
    pub fn commit_unique(mut self) -> io::Result<PathBuf> {
        self.file.sync_all()?;
        let path = std::mem::take(&mut self.path);
        let others = (2..=MOST_NAMESAKES).map(|number| {
            let mut name = path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        });
        for path in std::iter::once(path.clone()).chain(others) {
            match self.take_free_name(path.file_name().unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                outcome => return outcome.and_then(|()| self.directory.sync()).map(|()| path),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn take_name(&mut self) -> io::Result<()> {
        self.space.settle(&self.file);
        let Some(hidden) = self.hidden.as_deref() else { return Ok(()) };
        self.directory.replace(hidden, &self.directory, self.path.file_name().unwrap_or_default())?;
        self.hidden = None;
        Ok(())
    }

    fn take_free_name(&mut self, name: &OsStr) -> io::Result<()> {
        let Some(hidden) = self.hidden.as_deref() else { return Ok(()) };
        self.directory.rename(hidden, &self.directory, name)?;
        self.hidden = None;
        Ok(())
    }

    /// The same file, for others who write into it at places of their own until it is committed.
    ///
    /// # Errors
    /// If the system has no handle left.
    pub fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// [`start_writeback`] for the last bytes that were written.
    pub fn start_writeback(&mut self, bytes: u64) {
        if let Ok(end) = self.file.stream_position() {
            start_writeback(&self.file, end.saturating_sub(bytes), bytes);
        }
    }

    /// Gives the file its name without waiting for the disk: for what a power cut may take.
    ///
    /// # Errors
    /// If renaming fails.
    pub fn commit_unsynced(mut self) -> io::Result<()> {
        self.take_name()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Some(hidden) = self.hidden.as_deref() {
            self.space.settle(&self.file);
            // What cannot be removed now is swept later.
            drop(self.directory.remove_file(hidden));
        }
    }
}

fn hidden_name() -> io::Result<String> {
    let mut random = random::from_system().map_err(io::Error::other)?;
    Ok(format!("{TEMPORARY}{:016x}", random.next_u64()))
}

fn not_replaceable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file and cannot be replaced by one")
}

/// Removes files that killed processes left in `folder` before they had their names.
///
/// # Errors
/// Those of reading the folder and removing.
pub fn remove_stale(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            remove_abandoned(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a file that nobody writes any more: who does holds a lock on it. Nobody begins to while it is removed.
fn remove_abandoned(path: &Path) -> io::Result<()> {
    let Some(_locked) = open_regular::open(path).ok().filter(|file| file.try_lock().is_ok()) else { return Ok(()) };
    match fs::remove_file(path) {
        // Somebody else sweeps too.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// Whether a file could be put at `path`, as far as this can be told without doing so; nothing is left there.
///
/// # Errors
/// As of [`AtomicFile::create`], for a name that no file can have, and where the file that has the name may not be replaced.
pub fn probe(path: &Path) -> io::Result<()> {
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    match path.symlink_metadata() {
        Ok(taken) => require_replaceable(&taken, folder(path))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    AtomicFile::create(path, Access::Private).map(drop)
}

/// In a sticky folder, the file that has the name is replaced by its owner, the folder's owner and root only.
fn require_replaceable(taken: &Metadata, folder: &Path) -> io::Result<()> {
    let (folder, user) = (folder.metadata()?, rustix::process::geteuid());
    let is_sticky = folder.mode() & 0o1000 != 0;
    let may_replace = user.is_root() || [taken.uid(), folder.uid()].contains(&user.as_raw());
    if is_sticky && !may_replace {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
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

/// Writes `bytes` as the whole file `path`.
///
/// # Errors
/// As [`AtomicFile`].
pub fn write(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let mut file = AtomicFile::create(path, access)?;
    file.write_all(bytes)?;
    file.commit()
}

/// Has the system begin to put so many bytes of `file`, those from `from` on, on the disk, and waits for nothing: so there is
/// less to wait for when the file is synced. Of what was written well before them, the system forgets what is on the disk: its
/// next pages are these, which are warm, and what others have in its cache stays there.
pub fn start_writeback(file: &File, from: u64, bytes: u64) {
    let begin = from.saturating_sub(KEPT);
    // Of pages that are not on the disk, this advice begins to write them. It may fail: then they are written later.
    let _advice = fadvise(file, begin, NonZeroU64::new(from + bytes - begin), Advice::DontNeed);
}

/// Makes what happened in the directory of `path` (a rename, a removal) survive a power cut.
///
/// # Errors
/// If the directory cannot be synced.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests;
