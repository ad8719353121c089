//! Errors of a store.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rusqlite::ErrorCode;

/// Why a store cannot be opened or changed. `path` is that of the database.
#[derive(Debug, Clone, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are described above and by the messages")]
pub enum StoreError {
    /// The file or its directory cannot be created, or other users can change it.
    #[error("cannot use {path}")]
    File { path: String, source: Arc<io::Error> },
    /// Another process, or another store of this process, uses the database.
    #[error("{path} is in use by another process")]
    InUse { path: String },
    /// A newer version of hestat has changed the database.
    #[error("{path} has version {found} of its format, but this version of hestat knows only {known}")]
    NewerVersion { path: String, found: u32, known: u32 },
    /// SQLite reports an error: a full disk, a damaged file, a wrong statement.
    #[error("cannot use the database {path}")]
    Database { path: String, source: Arc<rusqlite::Error> },
    /// The thread that writes has ended after a panic.
    #[error("the database {path} was closed after an internal error")]
    Ended { path: String },
}

impl StoreError {
    /// For `map_err`: an I/O error of the file `path` or its directory.
    pub(super) fn file(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::File { path: path.clone(), source: Arc::new(source) }
    }

    /// For `map_err`: an error of SQLite.
    pub(super) fn database(path: &Path) -> impl Fn(rusqlite::Error) -> Self {
        let path = path.display().to_string();
        move |error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse { path: path.clone() },
            _ => Self::Database { path: path.clone(), source: Arc::new(error) },
        }
    }
}
