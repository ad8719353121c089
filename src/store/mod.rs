//! Durable state of one party of a scenario, in an SQLite database.
//!
//! ```text
//! tasks ── transactions ──▶ queue ──▶ writer thread ── one commit for all that are queued ──▶ <name>.sqlite
//!       ◀──────────── results, after the commit ──────────┘
//! ```
//! The database is in WAL mode with `synchronous=FULL`: what is committed survives a power failure. Deleted content is
//! overwritten in the database (`secure_delete`), and the log is emptied when the store is closed; the file system and
//! the disk below may still keep old copies. The SQL statements are those of the scenarios; this module is the only one
//! that uses rusqlite.

mod database;
pub mod error;
#[cfg(test)]
mod tests;
pub mod transaction;
mod writer;

use std::path::Path;
use std::sync::Arc;

pub use error::StoreError;
pub use rusqlite::{Params, Row, ToSql, params};
use tokio::sync::oneshot;
pub use transaction::Transaction;

use writer::{Queued, Writer};

/// An open database. Clones share it; it is closed when the last of them is dropped.
#[derive(Debug, Clone)]
pub struct Store {
    writer: Arc<Writer>,
}

impl Store {
    /// Opens the database at `path`, and creates it, with its directory, if it does not exist. No other user can access
    /// new ones. No other process, and no other store of this one, can use the database meanwhile.
    ///
    /// `migrations` are SQL scripts, each of which leads to the next version of the schema. Those that the database does
    /// not have yet are applied, all or none.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::NewerVersion`]; [`StoreError::File`], also if other users can change the
    /// file; [`StoreError::Database`] if it is no database, is damaged, or cannot be written.
    pub fn open(path: &Path, migrations: &[&str]) -> Result<Self, StoreError> {
        let connection = database::open(path, migrations)?;
        Ok(Self { writer: Arc::new(Writer::start(connection, path)?) })
    }

    /// Runs `work` in a transaction, and returns its result once the changes are on disk. If `work` fails, nothing of it
    /// is changed. Transactions run one after the other; those that wait for each other's end share a commit.
    ///
    /// # Errors
    /// The error of `work`; [`StoreError::Database`] if the transaction cannot be committed, such as on a full disk.
    pub async fn transaction<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.queue(work).await.unwrap_or_else(|_| Err(self.writer.ended().into()))
    }

    /// As [`Store::transaction`], but blocks. Must not be called from asynchronous code.
    ///
    /// # Errors
    /// As [`Store::transaction`].
    pub fn blocking_transaction<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.queue(work).blocking_recv().unwrap_or_else(|_| Err(self.writer.ended().into()))
    }

    /// Queues `work`; returns where its result will arrive.
    fn queue<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, E>>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.writer.queue(Box::new(Request { work: Some(work), outcome: None, sender }));
        receiver
    }
}

/// A queued transaction.
struct Request<W, T, E> {
    /// `None` once it has run.
    work: Option<W>,
    outcome: Option<Result<T, E>>,
    sender: oneshot::Sender<Result<T, E>>,
}

impl<W, T, E> Queued for Request<W, T, E>
where
    W: FnOnce(&Transaction<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, transaction: &Transaction<'_>) -> bool {
        self.outcome = self.work.take().map(|work| work(transaction));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn reply(self: Box<Self>, committed: Result<(), StoreError>) {
        let outcome = match (self.outcome, committed) {
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(error.into()),
            (Some(outcome), Ok(())) => outcome,
            // Not reached: a batch is committed only if all of it has run.
            (None, Ok(())) => return,
        };
        // A caller that has stopped to wait does not need the result.
        let _ = self.sender.send(outcome);
    }
}
