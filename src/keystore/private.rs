//! Directories that nobody but their owner may enter or change.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use super::error::KeyStoreError;
use super::job::private_directory;
use crate::foundation::ownership;

/// Fails unless nobody but this user and root could have put there, or could replace, what lies at `path`.
pub(super) fn require(path: &Path) -> Result<(), KeyStoreError> {
    ownership::require_private(path).map_err(KeyStoreError::io(path))
}

/// The same for a directory and each file in it.
pub(super) fn require_with_files(directory: &Path) -> Result<(), KeyStoreError> {
    require(directory)?;
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        outcome => outcome.map_err(KeyStoreError::io(directory))?,
    };
    for entry in entries {
        require(&entry.map_err(KeyStoreError::io(directory))?.path())?;
    }
    Ok(())
}

/// Makes the directory at `path` if it is not there, and [`require`]s it.
pub(super) fn directory(path: &Path) -> Result<(), KeyStoreError> {
    require(path)?;
    private_directory(path)?;
    require(path)
}

/// The lock of a [`directory`], held for as long as the file lives.
pub(super) fn lock(directory: &Path) -> Result<File, KeyStoreError> {
    let path = directory.join(".lock");
    require(&path)?;
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&path).and_then(|file| file.lock().map(|()| file)).map_err(KeyStoreError::io(&path))
}
