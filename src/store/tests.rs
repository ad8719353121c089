use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::join_all;

use super::{Store, StoreError, Transaction, params};

/// A table of numbered texts.
const SCHEMA: &[&str] = &["create table line (number integer primary key, text text not null) strict"];

#[derive(Debug, thiserror::Error)]
enum WorkError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("refused")]
    Refused,
}

fn open(path: &Path) -> Result<Store, StoreError> {
    Store::open(path, SCHEMA)
}

/// Inserts a line in a transaction of its own.
fn insert(store: &Store, number: i64, text: &str) -> Result<(), WorkError> {
    let text = text.to_owned();
    store.blocking_transaction(move |transaction| {
        transaction.execute("insert into line values ($1, $2)", params![number, text])?;
        Ok(())
    })
}

/// Returns the numbers of all lines.
fn numbers(store: &Store) -> Vec<i64> {
    let read = |transaction: &Transaction<'_>| {
        transaction.all("select number from line order by number", [], |row| row.get(0))
    };
    store.blocking_transaction::<_, StoreError>(read).unwrap()
}

fn reason(error: &dyn std::error::Error) -> String {
    crate::foundation::text::with_causes(error)
}

#[test]
fn committed_changes_survive_and_failed_work_leaves_none() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("broker/a.sqlite");
    let store = open(&path).unwrap();
    insert(&store, 1, "one").unwrap();
    let failed = store.blocking_transaction(|transaction| {
        transaction.execute("insert into line values (2, 'two')", [])?;
        Err::<(), _>(WorkError::Refused)
    });
    assert!(matches!(failed, Err(WorkError::Refused)));
    assert!(reason(&insert(&store, 1, "again").unwrap_err()).contains("UNIQUE"));
    assert_eq!(numbers(&store), [1]);
    drop(store);
    assert_eq!(numbers(&open(&path).unwrap()), [1]);
    let text = open(&path).unwrap().blocking_transaction::<_, StoreError>(|transaction| {
        transaction.first("select text from line where number = $1", [1], |row| row.get::<_, String>(0))
    });
    assert_eq!(text.unwrap().as_deref(), Some("one"));
}

#[test]
fn new_files_are_private_and_others_are_not_trusted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("broker/a.sqlite");
    let store = open(&path).unwrap();
    insert(&store, 1, "one").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&directory.path().join("broker")), mode(&path)), (0o700, 0o600));
    assert_eq!(mode(&directory.path().join("broker/a.sqlite-wal")), 0o600);
    drop(store);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o666)).unwrap();
    assert!(matches!(open(&path), Err(StoreError::File { .. })));
}

#[test]
fn a_database_is_used_by_one_store_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.sqlite");
    let store = open(&path).unwrap();
    let again = open(&path).unwrap_err();
    assert!(matches!(again, StoreError::InUse { .. }), "{}", reason(&again));
    insert(&store, 1, "one").unwrap();
    // A clone keeps it open.
    let clone = store.clone();
    drop(store);
    assert!(open(&path).is_err());
    drop(clone);
    assert_eq!(numbers(&open(&path).unwrap()), [1]);
}

#[test]
fn migrations_are_applied_once_and_newer_databases_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.sqlite");
    let store = open(&path).unwrap();
    insert(&store, 1, "one").unwrap();
    drop(store);
    let second = "alter table line add column color text not null default 'red'";
    let newer = [SCHEMA[0], second];
    for _ in 0..2 {
        let store = Store::open(&path, &newer).unwrap();
        let color = store.blocking_transaction::<_, StoreError>(|transaction| {
            transaction.first("select color from line", [], |row| row.get::<_, String>(0))
        });
        assert_eq!(color.unwrap().as_deref(), Some("red"));
    }
    let error = open(&path).unwrap_err();
    assert!(matches!(error, StoreError::NewerVersion { found: 2, known: 1, .. }), "{error}");
    // A migration that fails changes nothing.
    let broken = [newer[0], newer[1], "create table other (a integer) strict; create table line (b integer) strict"];
    assert!(matches!(Store::open(&path, &broken), Err(StoreError::Database { .. })));
    assert!(Store::open(&path, &newer).is_ok());
}

#[test]
fn a_file_that_is_no_database_is_refused_and_not_changed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.sqlite");
    let text = "a letter, and not a database\n".repeat(400);
    fs::write(&path, &text).unwrap();
    let error = open(&path).unwrap_err();
    assert!(reason(&error).contains("not a database"), "{}", reason(&error));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

/// Holds up the store until the returned sender is used, so that transactions queue up.
fn hold(store: &Store) -> std::sync::mpsc::Sender<()> {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let held = store.transaction::<_, StoreError>(move |_| {
        let _ = wait.recv();
        Ok(())
    });
    assert!(Box::pin(held).now_or_never().is_none());
    go
}

/// Inserts a line of `bytes` bytes in a transaction of its own.
async fn insert_long(store: &Store, number: i64, bytes: usize) -> Result<(), StoreError> {
    let text = "x".repeat(bytes);
    store
        .transaction(move |transaction| {
            transaction.execute("insert into line values ($1, $2)", params![number, text]).map(drop)
        })
        .await
}

/// On a full disk, all transactions that share the commit fail, for the same reason, and later ones can succeed.
#[tokio::test]
async fn a_full_disk_fails_the_transactions_that_share_the_commit_and_no_others() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.sqlite");
    let store = open(&path).unwrap();
    let limit = async |pages: u32| {
        let set = move |transaction: &Transaction<'_>| {
            transaction.first(&format!("pragma max_page_count = {pages}"), [], |row| row.get::<_, i64>(0))
        };
        store.transaction::<_, StoreError>(set).await.unwrap();
    };
    insert_long(&store, 1, 100).await.unwrap();
    limit(4).await;
    let go = hold(&store);
    let mut shared =
        Box::pin(join_all([(2, 10), (3, 100_000), (4, 10)].map(|(n, bytes)| insert_long(&store, n, bytes))));
    assert!((&mut shared).now_or_never().is_none());
    go.send(()).unwrap();
    for outcome in shared.await {
        assert!(outcome.as_ref().is_err_and(|error| reason(error).contains("is full")), "{outcome:?}");
    }
    limit(1000).await;
    insert_long(&store, 5, 100_000).await.unwrap();
    let stored = tokio::task::spawn_blocking(move || numbers(&store)).await.unwrap();
    assert_eq!(stored, [1, 5]);
}

#[tokio::test]
async fn waiting_transactions_share_a_commit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.sqlite");
    let store = open(&path).unwrap();
    let log_bytes = || fs::metadata(path.with_extension("sqlite-wal")).unwrap().len();
    let (go, before) = (hold(&store), log_bytes());
    let mut inserts = Box::pin(join_all((0..100).map(|number| insert_long(&store, number, 1))));
    assert!((&mut inserts).now_or_never().is_none());
    go.send(()).unwrap();
    assert!(inserts.await.iter().all(Result::is_ok));
    // Each commit writes at least one page of 4 KiB.
    let written = log_bytes() - before;
    assert!(written < 50 * 4096, "100 transactions wrote {written} bytes to the log");
}

/// A panic in a transaction ends the store, not the process, and no one waits forever.
#[test]
fn a_panic_ends_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.sqlite");
    let store = open(&path).unwrap();
    let store = Arc::new(store);
    let panics = store.blocking_transaction::<(), StoreError>(|_| panic!("this panic is expected"));
    assert!(matches!(panics, Err(StoreError::Ended { .. })));
    assert!(matches!(insert(&store, 1, "one"), Err(WorkError::Store(StoreError::Ended { .. }))));
    drop(store);
    assert!(numbers(&open(&path).unwrap()).is_empty());
}

/// Deleted content is overwritten, also in the log.
#[test]
fn deleted_content_is_gone_from_the_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.sqlite");
    let store = open(&path).unwrap();
    let secret = "the quick brown fox jumps";
    insert(&store, 1, secret).unwrap();
    let has_secret = || {
        let files = fs::read_dir(directory.path()).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
        files.into_iter().any(|bytes| bytes.windows(secret.len()).any(|window| window == secret.as_bytes()))
    };
    assert!(has_secret());
    let delete = |transaction: &Transaction<'_>| transaction.execute("delete from line", []).map(drop);
    store.blocking_transaction::<_, StoreError>(delete).unwrap();
    drop(store);
    assert!(!has_secret());
}
