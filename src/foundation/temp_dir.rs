//! Temporary directories for secrets. They are removed when the process ends or, if it was killed, by the next process.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tempfile::TempDir;

use super::fs::{lock_directory, remove_unlocked_directory};
use super::ownership;

/// A private directory below the system's temporary directory. It is removed when dropped.
#[derive(Debug)]
pub struct PrivateTempDir {
    directory: TempDir,
    /// Marks the directory as in use.
    _lock: File,
}

impl PrivateTempDir {
    /// Creates a directory whose name begins with `prefix`.
    ///
    /// # Errors
    /// The directory cannot be created or locked.
    pub fn new(prefix: &str) -> io::Result<Self> {
        loop {
            let private = Permissions::from_mode(0o700);
            let directory = tempfile::Builder::new().prefix(prefix).permissions(private).tempdir()?;
            // Another process may have removed it as stale before it was locked.
            if let Some(lock) = lock_directory(directory.path())? {
                return Ok(Self { directory, _lock: lock });
            }
        }
    }

    /// Removes directories of this user that killed processes left behind; returns how many.
    pub fn remove_stale(prefix: &str) -> usize {
        let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return 0 };
        let candidates = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
        candidates.filter(|entry| remove_if_stale(&entry.path())).count()
    }

    /// Returns the path of the directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes a directory that no process uses; returns whether it was removed. Symbolic links, and directories that
/// another user owns or could have changed, are left alone.
fn remove_if_stale(directory: &Path) -> bool {
    let is_own = |meta: fs::Metadata| meta.is_dir() && meta.uid() == rustix::process::geteuid().as_raw();
    fs::symlink_metadata(directory).is_ok_and(is_own)
        && ownership::require_owned(directory).is_ok()
        && remove_unlocked_directory(directory).is_ok_and(|is_removed| is_removed)
}
