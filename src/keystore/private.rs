//! Directories that only their owner may enter and change.

use std::fs::{self, File};
use std::path::Path;

use super::error::KeyStoreError;
use crate::foundation::fs::{create_private_directory, if_exists, private_file};
use crate::foundation::ownership;

/// Fails if a user other than this one and root could have created, or can replace, the file at `path`.
pub(super) fn require(path: &Path) -> Result<(), KeyStoreError> {
    ownership::require_private(path).map_err(KeyStoreError::io(path))
}

/// Applies [`require`] to a directory and each file in it.
pub(super) fn require_with_files(directory: &Path) -> Result<(), KeyStoreError> {
    require(directory)?;
    let entries = if_exists(fs::read_dir(directory)).map_err(KeyStoreError::io(directory))?;
    for entry in entries.into_iter().flatten() {
        require(&entry.map_err(KeyStoreError::io(directory))?.path())?;
    }
    Ok(())
}

/// Creates the directory at `path` if it does not exist, and applies [`require`] to it.
pub(super) fn create_directory(path: &Path) -> Result<(), KeyStoreError> {
    require(path)?;
    create_private_directory(path).map_err(KeyStoreError::io(path))?;
    require(path)
}

/// Takes the lock of a directory. It is held until the returned file is dropped.
pub(super) fn lock(directory: &Path) -> Result<File, KeyStoreError> {
    let path = directory.join(".lock");
    require(&path)?;
    let opened = private_file().write(true).create(true).truncate(false).open(&path);
    opened.and_then(|file| file.lock().map(|()| file)).map_err(KeyStoreError::io(&path))
}
