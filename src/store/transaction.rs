//! A transaction, as the work in it sees it.

use std::cell::RefCell;
use std::path::Path;

use rusqlite::{OptionalExtension, Params, Row, Savepoint};

use super::error::StoreError;

/// Reads and changes the database. Statements are compiled once.
pub struct Transaction<'t> {
    savepoint: Savepoint<'t>,
    path: &'t Path,
    /// The last error of a statement.
    failure: RefCell<Option<StoreError>>,
}

impl<'t> Transaction<'t> {
    pub(super) fn new(savepoint: Savepoint<'t>, path: &'t Path) -> Self {
        Self { savepoint, path, failure: RefCell::default() }
    }

    /// Executes a statement that returns no rows. Returns how many rows it has changed.
    ///
    /// # Errors
    /// [`StoreError::Database`], also if a constraint is violated.
    pub fn execute(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        let executed = self.savepoint.prepare_cached(sql).and_then(|mut statement| statement.execute(params));
        executed.map_err(|error| self.failed(error))
    }

    /// Returns what `read` makes of the first row of a query, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Database`], also if a column has another type than `read` expects.
    pub fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        let row = self.savepoint.prepare_cached(sql).and_then(|mut query| query.query_row(params, read).optional());
        row.map_err(|error| self.failed(error))
    }

    /// Returns what `read` makes of each row of a query.
    ///
    /// # Errors
    /// As [`Transaction::first`].
    pub fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.savepoint.prepare_cached(sql).and_then(|mut query| query.query_map(params, read)?.collect());
        rows.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: rusqlite::Error) -> StoreError {
        let error = StoreError::database(self.path)(error);
        self.failure.replace(Some(error.clone()));
        error
    }

    /// Ends the transaction: keeps its changes for the commit, or undoes them.
    ///
    /// # Errors
    /// SQLite has rolled back all that was to be committed together, as it does on a full disk. The error is that of the
    /// statement that failed.
    pub(super) fn end(self, keep: bool) -> Result<(), StoreError> {
        let Self { mut savepoint, path, failure } = self;
        let undo = if keep { Ok(()) } else { savepoint.rollback() };
        let ended = undo.and_then(|()| savepoint.commit());
        ended.map_err(|error| failure.into_inner().unwrap_or_else(|| StoreError::database(path)(error)))
    }
}
