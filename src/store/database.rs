//! Opens a database: its file, its settings, its lock and its schema.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::error::StoreError;
use crate::foundation::fs::{create_private_directory, parent, private_file, sync_parent};
use crate::foundation::ownership;

/// Settings that apply from the first access on.
///
/// With the exclusive locking mode in effect before WAL mode, the index of the log is in memory instead of a shared
/// file (<https://www.sqlite.org/wal.html>, section 8), and the lock is held until the database is closed.
const SETTINGS: &str = "
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
";

/// Opens or creates the database at `path`, locks it, and brings its schema to the newest version.
pub(super) fn open(path: &Path, migrations: &[&str]) -> Result<Connection, StoreError> {
    create(path)?;
    let failed = StoreError::database(path);
    let mut connection = Connection::open(path).map_err(&failed)?;
    // Another process would keep the lock for as long as it runs, so there is no point in waiting.
    connection.busy_timeout(Duration::ZERO).map_err(&failed)?;
    connection.execute_batch(SETTINGS).map_err(&failed)?;
    migrate(&mut connection, migrations, path)?;
    Ok(connection)
}

/// Creates the file, if it does not exist, so that no other user can access it. SQLite gives its log the same mode.
fn create(path: &Path) -> Result<(), StoreError> {
    let failed = StoreError::file(path);
    let directory = parent(path);
    ownership::require_owned(directory).map_err(&failed)?;
    create_private_directory(directory).map_err(&failed)?;
    ownership::require_owned(path).map_err(&failed)?;
    private_file().create(true).append(true).open(path).map_err(&failed)?;
    // The directory may not be readable. Then it cannot be synced.
    let _ = sync_parent(path);
    Ok(())
}

/// Applies the migrations that the database does not have yet, in one transaction. `user_version` is their number.
fn migrate(connection: &mut Connection, migrations: &[&str], path: &Path) -> Result<(), StoreError> {
    let failed = StoreError::database(path);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(&failed)?;
    let known = migrations.len() as u32;
    let Some(missing) = migrations.get(found as usize..) else {
        return Err(StoreError::NewerVersion { path: path.display().to_string(), found, known });
    };
    for migration in missing {
        transaction.execute_batch(migration).map_err(&failed)?;
    }
    transaction.pragma_update(None, "user_version", known).map_err(&failed)?;
    transaction.commit().map_err(&failed)
}
