//! Checks that no other user can change the files of a state directory, and creates and locks its directories.

use std::fs::{self, File};
use std::path::Path;

use super::error::KeyStoreError;
use crate::foundation::fs::{create_private_directory, if_exists, private_file};
use crate::foundation::ownership;

/// Checks that no user except the current one and root can have created, or can change or replace, the file or
/// directory at `path`. A path that does not exist passes if no other user can create it.
///
/// # Errors
/// [`KeyStoreError::Io`] with an [`OwnershipError`](ownership::OwnershipError), or if the path cannot be examined.
pub(super) fn require_owned(path: &Path) -> Result<(), KeyStoreError> {
    ownership::require_owned(path).map_err(KeyStoreError::io(path))
}

/// Applies [`require_owned`] to a directory, if it exists, and to each entry in it. Subdirectories are not entered.
///
/// # Errors
/// As [`require_owned`].
pub(super) fn require_owned_with_entries(directory: &Path) -> Result<(), KeyStoreError> {
    require_owned(directory)?;
    let entries = if_exists(fs::read_dir(directory)).map_err(KeyStoreError::io(directory))?;
    for entry in entries.into_iter().flatten() {
        require_owned(&entry.map_err(KeyStoreError::io(directory))?.path())?;
    }
    Ok(())
}

/// Creates the directory at `path` if it does not exist, and applies [`require_owned`] to it.
///
/// # Errors
/// As [`require_owned`], or the directory cannot be created.
pub(super) fn create(path: &Path) -> Result<(), KeyStoreError> {
    // Before, so that nothing is created in a directory that other users can change.
    require_owned(path)?;
    create_private_directory(path).map_err(KeyStoreError::io(path))?;
    // Again, in case that another user created the directory meanwhile.
    require_owned(path)
}

/// Waits for the lock file `.lock` in `directory`, which is locked until the returned file is dropped. The directory of
/// a job is locked by [`job::lock`](super::job) instead.
///
/// # Errors
/// As [`require_owned`], or the file cannot be created or locked.
pub(super) fn lock(directory: &Path) -> Result<File, KeyStoreError> {
    let path = directory.join(".lock");
    require_owned(&path)?;
    let opened = private_file().write(true).create(true).truncate(false).open(&path);
    opened.and_then(|file| file.lock().map(|()| file)).map_err(KeyStoreError::io(&path))
}
