//! The thread that owns the database. It takes all transactions that are queued, runs each in a savepoint, commits them
//! together, and then replies to each.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

use rusqlite::{Connection, TransactionBehavior};

use super::error::StoreError;
use super::transaction::Transaction;

/// Transactions that share a commit at most, so that the first of them does not wait too long for the last.
const MAX_BATCH: usize = 1024;

/// A transaction that waits for its turn.
pub(super) trait Queued: Send {
    /// Does the work. Returns whether it has succeeded, so that its changes are kept.
    fn run(&mut self, transaction: &Transaction<'_>) -> bool;

    /// Sends the result to its caller, given the outcome of the commit.
    fn reply(self: Box<Self>, committed: Result<(), StoreError>);
}

/// The queue of the thread, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    /// `None` once it is being dropped.
    queue: Option<Sender<Box<dyn Queued>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Connection, path: &Path) -> Result<Self, StoreError> {
        let (queue, queued) = channel();
        let own_path = path.to_owned();
        let run = move || run(connection, &queued, &own_path);
        let thread = Builder::new().name("store".into()).spawn(run).map_err(StoreError::file(path))?;
        Ok(Self { path: path.into(), queue: Some(queue), thread: Some(thread) })
    }

    /// Queues a transaction. If the thread has ended, it is dropped without a reply.
    pub(super) fn queue(&self, work: Box<dyn Queued>) {
        let _ = self.queue.as_ref().map(|queue| queue.send(work));
    }

    /// Returns the error of a transaction without a reply.
    pub(super) fn ended(&self) -> StoreError {
        StoreError::Ended { path: self.path.display().to_string() }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The thread finishes what is queued, and closes the database.
        self.queue = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn run(mut connection: Connection, queued: &Receiver<Box<dyn Queued>>, path: &Path) {
    while let Ok(first) = queued.recv() {
        let mut batch: Vec<_> = std::iter::once(first).chain(queued.try_iter()).take(MAX_BATCH).collect();
        let outcome = commit(&mut connection, &mut batch, path);
        for transaction in batch {
            transaction.reply(outcome.clone());
        }
    }
    // Empties the log, which may have copies of deleted content. If this fails, the next process continues with the log.
    let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
}

/// Runs all transactions of a batch, and commits those that succeed. Stops at an error after which nothing can be
/// committed.
fn commit(connection: &mut Connection, batch: &mut [Box<dyn Queued>], path: &Path) -> Result<(), StoreError> {
    let failed = StoreError::database(path);
    let mut all = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
    for queued in batch {
        let transaction = Transaction::new(all.savepoint().map_err(&failed)?, path);
        let succeeded = queued.run(&transaction);
        transaction.end(succeeded)?;
    }
    all.commit().map_err(&failed)
}
