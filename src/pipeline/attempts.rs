//! Counts how often the computation of a dataset was started without finishing. A record on disk is written before each
//! computation and removed after it, so that a dataset that crashes the process is not computed again and again.
//!
//! Records are in a hidden directory, which clients of `hestat serve` can neither see nor change. With another FTP
//! server, a client that can write to the whole data directory can remove them.

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use super::paths::ATTEMPTS;
use crate::foundation::atomic::{Access, AtomicFile, TEMPORARY};
use crate::foundation::fs::if_exists;
use crate::foundation::root_dir::{Entry, RootDir};
use crate::package::JobId;

/// Maximum number of times that a record is written if other processes remove its directory meanwhile.
const MAX_DIRECTORY_RACES: u32 = 100;

/// Number of unfinished attempts after which a dataset is quarantined.
pub(super) const MAX_ATTEMPTS: u32 = 3;

/// Maximum length of a record, in bytes.
const MAX_RECORD_BYTES: u64 = 1 << 10;

/// Seconds after which a half-written record counts as abandoned.
const ABANDONED_AFTER_SECONDS: u64 = 3600;

/// A record on disk.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    /// Number of computations that were started and have not finished.
    started: u32,
    dataset: FileStamp,
}

/// File metadata that distinguishes a dataset from a later upload of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct FileStamp {
    inode: u64,
    bytes: u64,
    seconds: i64,
    nanoseconds: u64,
}

impl From<Entry> for FileStamp {
    fn from(Entry { inode, bytes, modified: seconds, nanoseconds, .. }: Entry) -> Self {
        Self { inode, bytes, seconds, nanoseconds }
    }
}

/// The counter of one dataset.
pub(super) struct AttemptCounter<'r> {
    root: &'r RootDir,
    name: String,
    dataset: FileStamp,
    /// Number of earlier attempts that ended with their process.
    unfinished: u32,
}

impl<'r> AttemptCounter<'r> {
    /// Reads the counter of `job` in the data directory `root`. A record of another dataset is ignored.
    ///
    /// # Errors
    /// [`io::Error`] if the dataset or the directory of records cannot be accessed.
    pub(super) fn of(root: &'r RootDir, job: &str, dataset: &File) -> io::Result<Self> {
        let dataset = Entry::of(dataset)?.into();
        let name = job.to_owned();
        let record = if_exists(root.directory(ATTEMPTS))?.and_then(|directory| read(&directory, &name));
        let unfinished = record.filter(|record| record.dataset == dataset);
        Ok(Self { root, name, dataset, unfinished: unfinished.map_or(0, |record| record.started) })
    }

    /// Whether the dataset is quarantined.
    pub(super) fn is_exhausted(&self) -> bool {
        self.unfinished >= MAX_ATTEMPTS
    }

    /// Records on disk that an attempt begins.
    ///
    /// # Errors
    /// [`io::Error`] if the record cannot be written; then the attempt must not begin.
    pub(super) fn begin(&self) -> io::Result<()> {
        let mut outcome = Err(io::ErrorKind::NotFound.into());
        for _ in 0..MAX_DIRECTORY_RACES {
            let directory = self.root.directory_or_new(ATTEMPTS);
            outcome = directory.and_then(|directory| self.write(&directory, self.unfinished.saturating_add(1)));
            // Another process may have removed the directory while it was empty.
            if !outcome.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
                break;
            }
        }
        outcome.and_then(|()| self.root.sync())
    }

    fn write(&self, directory: &RootDir, started: u32) -> io::Result<()> {
        let record = serde_json::to_vec(&Record { started, dataset: self.dataset })?;
        let mut file = AtomicFile::create_in(directory, &self.name, Access::Shared)?;
        file.write_all(&record)?;
        file.commit()
    }

    /// Restores the record from before the attempt, which was cancelled and does not count.
    pub(super) fn undo(&self) {
        if self.unfinished == 0 {
            return self.clear();
        }
        // If this fails, the attempt counts as unfinished.
        let _ = self.root.directory(ATTEMPTS).and_then(|directory| self.write(&directory, self.unfinished));
    }

    /// Removes the record: the attempt has finished, with success or failure.
    pub(super) fn clear(&self) {
        let Ok(directory) = self.root.directory(ATTEMPTS) else { return };
        // A record that cannot be removed now is removed when its dataset is gone.
        let _ = directory.remove_file(self.name.as_str());
        let _ = self.root.remove_directory(ATTEMPTS);
    }
}

/// Reads the record of a job, if it is valid.
fn read(directory: &RootDir, name: &str) -> Option<Record> {
    let mut text = Vec::new();
    directory.read(name).ok()?.take(MAX_RECORD_BYTES).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Removes the records of datasets that are not pending, and abandoned half-written records.
pub(super) fn remove_stale(root: &RootDir, now: u64, is_pending: impl Fn(JobId) -> bool) {
    let Ok(directory) = root.directory(ATTEMPTS) else { return };
    let Ok(entries) = directory.entries() else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let job = name.to_str().ok().and_then(|name| name.parse().ok());
        let is_stale = job.map_or_else(|| is_abandoned(&directory, name, now), |job| !is_pending(job));
        if is_stale {
            let _ = directory.remove_file(name);
        }
    }
    // Fails unless the directory is empty.
    let _ = root.remove_directory(ATTEMPTS);
}

/// Whether this is the half-written record of a killed process.
fn is_abandoned(directory: &RootDir, name: &CStr, now: u64) -> bool {
    // A time before 1970 counts as 1970. A file that cannot be examined is not abandoned.
    let modified = |entry: Entry| u64::try_from(entry.modified).unwrap_or(0);
    let written = directory.entry(name).map_or(u64::MAX, modified);
    name.to_bytes().starts_with(TEMPORARY.as_bytes())
        && now > written.saturating_add(ABANDONED_AFTER_SECONDS).saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn job() -> JobId {
        JobId::from_bytes([7; 16])
    }

    /// A data directory with a dataset.
    fn data_directory() -> (tempfile::TempDir, RootDir) {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("dataset"), "dataset").unwrap();
        let root = RootDir::open(directory.path()).unwrap();
        (directory, root)
    }

    fn attempts<'r>(root: &'r RootDir, directory: &Path) -> AttemptCounter<'r> {
        AttemptCounter::of(root, &job().to_string(), &File::open(directory.join("dataset")).unwrap()).unwrap()
    }

    #[test]
    fn three_unfinished_attempts_exhaust_and_cancelled_ones_do_not_count() {
        let (directory, root) = data_directory();
        let attempts = || attempts(&root, directory.path());
        for unfinished in 0..MAX_ATTEMPTS {
            let cancelled = attempts();
            assert!(cancelled.unfinished == unfinished && !cancelled.is_exhausted());
            cancelled.begin().unwrap();
            cancelled.undo();
            attempts().begin().unwrap();
        }
        assert!(attempts().is_exhausted());
        attempts().clear();
        assert!(!attempts().is_exhausted() && !directory.path().join(ATTEMPTS).exists());
    }

    #[test]
    fn a_new_upload_starts_a_new_count() {
        let (directory, root) = data_directory();
        for _ in 0..MAX_ATTEMPTS {
            attempts(&root, directory.path()).begin().unwrap();
        }
        let upload = directory.path().join("upload");
        fs::write(&upload, "dataset").unwrap();
        fs::rename(upload, directory.path().join("dataset")).unwrap();
        assert_eq!(attempts(&root, directory.path()).unfinished, 0);
    }

    #[test]
    fn stale_records_are_removed_and_damaged_ones_are_ignored() {
        let (directory, root) = data_directory();
        let record = directory.path().join(ATTEMPTS).join(job().to_string());
        attempts(&root, directory.path()).begin().unwrap();
        remove_stale(&root, 0, |_| true);
        assert!(record.exists());
        fs::write(&record, "{").unwrap();
        assert_eq!(attempts(&root, directory.path()).unfinished, 0);
        let half_written = directory.path().join(ATTEMPTS).join(".hestat-half");
        fs::write(&half_written, "{").unwrap();
        remove_stale(&root, 0, |_| false);
        assert!(!record.exists() && half_written.exists());
        remove_stale(&root, u64::MAX - 1, |_| false);
        assert!(!directory.path().join(ATTEMPTS).exists());
    }
}
