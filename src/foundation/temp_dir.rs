//! Temporary directories for secrets: gone with the process that made them, or, where it was killed, with the next one's.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tempfile::TempDir;

use super::ownership;

/// A private directory in the folder for temporary files, removed when it is dropped.
#[derive(Debug)]
pub struct PrivateTempDir {
    directory: TempDir,
    /// Held for as long as it is in use.
    _lock: File,
}

impl PrivateTempDir {
    /// Makes one whose name begins with `prefix`.
    ///
    /// # Errors
    /// Those of making and locking a directory.
    pub fn new(prefix: &str) -> io::Result<Self> {
        loop {
            let private = Permissions::from_mode(0o700);
            let directory = tempfile::Builder::new().prefix(prefix).permissions(private).tempdir()?;
            let lock = match File::open(directory.path()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                lock => lock?,
            };
            lock.lock()?;
            // A sweep that sees it before the lock takes it for abandoned.
            if directory.path().is_dir() {
                return Ok(Self { directory, _lock: lock });
            }
        }
    }

    /// Removes this user's that were left behind by processes that were killed; returns how many.
    pub fn remove_stale(prefix: &str) -> usize {
        let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return 0 };
        let named = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
        named.filter(|entry| is_removed(&entry.path())).count()
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Whether it was abandoned, and is removed now. A link, or what others have or could have put there, is left alone.
fn is_removed(directory: &Path) -> bool {
    let own = |meta: fs::Metadata| meta.is_dir() && meta.uid() == rustix::process::geteuid().as_raw();
    if !fs::symlink_metadata(directory).is_ok_and(own) || ownership::require_private(directory).is_err() {
        return false;
    }
    let Ok(lock) = File::open(directory) else { return false };
    lock.try_lock().is_ok() && fs::remove_dir_all(directory).is_ok()
}
