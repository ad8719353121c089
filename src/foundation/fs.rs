//! File operations that several modules need and the standard library does not have.
//!
//! `fs-err` is not used. The error types of the callers already contain the path, so messages would show it twice.
//! Also, `fs-err` wraps only `std::fs`: the server's files and all files that are replaced atomically are opened
//! relative to a directory handle ([`RootDir`](super::root_dir::RootDir)), others with flags that `std::fs` does not
//! have ([`regular_file`]).

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{Advice, Stat, StatVfs, fadvise, statvfs};

use super::regular_file;

/// Turns the error that a file or directory does not exist into `None`.
///
/// # Errors
/// All other errors.
pub fn if_exists<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        outcome => outcome.map(Some),
    }
}

/// Returns the directory that contains `path`.
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Syncs the directory that contains `path`, so that a rename or removal in it survives a power failure.
///
/// # Errors
/// The directory cannot be opened or synced.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    File::open(parent(path))?.sync_all()
}

/// Creates the directory at `path`, and those above it, unless they exist. Only their owner may access new ones (0700).
///
/// # Errors
/// A directory cannot be created.
pub fn create_private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Returns options with which only its owner may access a new file (0600).
pub fn private_file() -> OpenOptions {
    let mut options = File::options();
    options.mode(0o600);
    options
}

/// Opens the directory at `path` and waits for its lock, which is held until the returned file is dropped. Returns
/// `None` if another process removes the directory meanwhile, for example [`remove_unlocked_directory`].
///
/// # Errors
/// Opening, locking or examining the directory fails.
pub fn lock_directory(path: &Path) -> io::Result<Option<File>> {
    if_exists(File::open(path))?.map_or(Ok(None), |directory| lock_if_current(directory, path))
}

/// Waits for the lock of `directory`, and returns it if `path` is still its path.
fn lock_if_current(directory: File, path: &Path) -> io::Result<Option<File>> {
    directory.lock()?;
    let id = FileId::from(&directory.metadata()?);
    let is_current = if_exists(path.metadata())?.is_some_and(|current| FileId::from(&current) == id);
    Ok(is_current.then_some(directory))
}

/// Removes the directory at `path` with everything in it unless a process holds its lock; returns whether it was
/// removed.
///
/// # Errors
/// The directory cannot be removed.
pub fn remove_unlocked_directory(path: &Path) -> io::Result<bool> {
    remove_unlocked(File::open(path), || fs::remove_dir_all(path))
}

/// Removes the regular file at `path` unless a process holds its lock; returns whether it was removed.
///
/// # Errors
/// The file cannot be removed.
pub fn remove_unlocked_file(path: &Path) -> io::Result<bool> {
    remove_unlocked(regular_file::open(path), || fs::remove_file(path))
}

/// Calls `remove` with the lock of an opened file or directory. One that cannot be opened is not removed.
fn remove_unlocked(opened: io::Result<File>, remove: impl FnOnce() -> io::Result<()>) -> io::Result<bool> {
    let Some(_lock) = opened.ok().filter(|file| file.try_lock().is_ok()) else { return Ok(false) };
    // Its owner may have removed or renamed it before we locked it.
    Ok(if_exists(remove())?.is_some())
}

/// Identifies a file or directory independently of its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl From<&Metadata> for FileId {
    fn from(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

impl From<&Stat> for FileId {
    fn from(stat: &Stat) -> Self {
        Self { device: stat.st_dev, inode: stat.st_ino }
    }
}

/// Returns the free space of the file system that contains `path`, in bytes; `None` if it is not reported.
///
/// # Errors
/// The system call fails.
pub fn free_space(path: &Path) -> io::Result<Option<u64>> {
    Ok(free_bytes(&statvfs(path)?))
}

/// Returns the free space in bytes that unprivileged users can use. File systems that report no blocks at all do not
/// report free space either.
pub(super) fn free_bytes(stat: &StatVfs) -> Option<u64> {
    (stat.f_blocks != 0).then(|| stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Advises the kernel that the page cache need not keep these bytes of `file`: it starts writing dirty pages to disk,
/// and drops the others. Does not wait, and ignores errors.
pub fn advise_dont_need(file: &File, bytes: Range<u64>) {
    if let Some(length) = NonZeroU64::new(bytes.end.saturating_sub(bytes.start)) {
        let _ = fadvise(file, bytes.start, Some(length), Advice::DontNeed);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_missing_files_are_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        assert!(if_exists(fs::read(&path)).unwrap().is_none());
        fs::write(&path, "x").unwrap();
        assert_eq!(if_exists(fs::read(&path)).unwrap().unwrap(), b"x");
        assert!(if_exists(fs::read(directory.path())).is_err());
    }

    #[test]
    fn a_name_alone_is_in_the_current_directory() {
        for (path, expected) in [("a/b", "a"), ("/a", "/"), ("a", "."), ("/", "."), ("", ".")] {
            assert_eq!(parent(Path::new(path)), Path::new(expected), "{path:?}");
        }
    }

    #[test]
    fn new_files_and_directories_are_private() {
        let directory = tempfile::tempdir().unwrap();
        let inner = directory.path().join("a/b");
        for _ in 0..2 {
            create_private_directory(&inner).unwrap();
        }
        private_file().write(true).create_new(true).open(inner.join("file")).unwrap();
        let mode = |path: &str| directory.path().join(path).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("a"), mode("a/b"), mode("a/b/file")), (0o700, 0o700, 0o600));
    }

    #[test]
    fn locked_files_and_directories_are_not_removed() {
        let directory = tempfile::tempdir().unwrap();
        let (file, inner) = (directory.path().join("file"), directory.path().join("inner"));
        assert!(!remove_unlocked_file(&file).unwrap() && !remove_unlocked_directory(&inner).unwrap());
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("content"), "x").unwrap();
        let locks = (File::create(&file).unwrap(), lock_directory(&inner).unwrap().unwrap());
        locks.0.lock().unwrap();
        assert!(!remove_unlocked_file(&file).unwrap() && !remove_unlocked_directory(&inner).unwrap());
        drop(locks);
        assert!(remove_unlocked_file(&file).unwrap() && remove_unlocked_directory(&inner).unwrap());
        assert!(!file.exists() && !inner.exists());
    }

    #[test]
    fn a_directory_that_was_removed_or_replaced_is_not_locked() {
        let directory = tempfile::tempdir().unwrap();
        let (path, moved) = (directory.path().join("directory"), directory.path().join("moved"));
        assert!(lock_directory(&path).unwrap().is_none());
        fs::create_dir(&path).unwrap();
        let open = || File::open(&path).unwrap();
        let (first, second) = (open(), open());
        fs::rename(&path, &moved).unwrap();
        assert!(lock_if_current(first, &path).unwrap().is_none());
        fs::create_dir(&path).unwrap();
        assert!(lock_if_current(second, &path).unwrap().is_none());
        assert!(lock_if_current(open(), &path).unwrap().is_some());
    }

    #[test]
    fn a_file_keeps_its_identity_when_it_is_renamed() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let id = |name: &str| FileId::from(&at(name).metadata().unwrap());
        fs::write(at("a"), "").unwrap();
        fs::write(at("b"), "").unwrap();
        let (first, second) = (id("a"), id("b"));
        fs::rename(at("a"), at("c")).unwrap();
        assert!(first == id("c") && first != second);
        assert_eq!(FileId::from(&rustix::fs::stat(at("c")).unwrap()), first);
    }

    #[test]
    fn free_space_is_none_where_it_is_not_reported() {
        assert_eq!(free_space(Path::new("/proc")).unwrap(), None);
        assert!(free_space(&std::env::temp_dir().join("hestat-missing/none")).is_err());
    }
}
