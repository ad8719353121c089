//! How often the computation of a dataset was begun and never ended: a record on disk, made before each computation and
//! removed after it, so that a dataset that ends the process does not end every process that comes after it.
//!
//! Records lie in a hidden folder of the server's directory, which clients of `hestat serve` can neither see nor change.
//! Beside another FTP server, whoever may write everywhere can remove them.

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use super::paths::ATTEMPTS;
use crate::foundation::atomic::{Access, AtomicFile, TEMPORARY};
use crate::foundation::root_dir::{Entry, RootDir};
use crate::package::JobId;

/// After so many, a dataset is in quarantine.
pub(super) const MOST: u32 = 3;

/// The most bytes of a record that are read.
const LONGEST: u64 = 1 << 10;

/// Seconds after which nobody writes a record any more.
const LONGEST_WRITE: u64 = 3600;

/// What is on disk of a job.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    /// Computations that were started and have not finished.
    started: u32,
    dataset: FileStamp,
}

/// What tells a dataset from one that is uploaded in its place.
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

/// The attempts at one dataset.
pub(super) struct AttemptCounter<'r> {
    root: &'r RootDir,
    name: String,
    dataset: FileStamp,
    /// Those that ended with their process.
    unfinished: u32,
}

impl<'r> AttemptCounter<'r> {
    /// Those at `job` that are on record in the server's directory `root`.
    ///
    /// # Errors
    /// Those of the system.
    pub(super) fn of(root: &'r RootDir, job: &str, dataset: &File) -> io::Result<Self> {
        let dataset = Entry::of(dataset)?.into();
        let name = job.to_owned();
        let unfinished = match root.directory(ATTEMPTS) {
            Ok(folder) => read(&folder, &name).filter(|record| record.dataset == dataset),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(Self { root, name, dataset, unfinished: unfinished.map_or(0, |record| record.started) })
    }

    /// Whether it is not to be computed again.
    pub(super) fn are_exhausted(&self) -> bool {
        self.unfinished >= MOST
    }

    /// Records, on disk, that one more begins.
    ///
    /// # Errors
    /// Those of the system; then it must not begin.
    pub(super) fn begin(&self) -> io::Result<()> {
        loop {
            let folder = self.root.directory_or_new(ATTEMPTS)?;
            match self.write(&folder, self.unfinished.saturating_add(1)) {
                // Another process has removed the folder, which was empty.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                outcome => return outcome.and_then(|()| self.root.sync()),
            }
        }
    }

    fn write(&self, folder: &RootDir, started: u32) -> io::Result<()> {
        let record = serde_json::to_vec(&Record { started, dataset: self.dataset })?;
        let mut file = AtomicFile::create_in(folder, &self.name, Access::Shared)?;
        file.write_all(&record)?;
        file.commit()
    }

    /// The one that began was stopped: it counts for nothing, as if it had never begun.
    pub(super) fn undo(&self) {
        if self.unfinished == 0 {
            return self.clear();
        }
        // Where this fails, it counts as unfinished.
        drop(self.root.directory(ATTEMPTS).and_then(|folder| self.write(&folder, self.unfinished)));
    }

    /// The one that began came to an end, good or bad.
    pub(super) fn clear(&self) {
        let Ok(folder) = self.root.directory(ATTEMPTS) else { return };
        // What is left is removed when its dataset is gone.
        drop(folder.remove_file(self.name.as_str()));
        drop(self.root.remove_directory(ATTEMPTS));
    }
}

/// What is on record of a job, if that can be understood.
fn read(folder: &RootDir, name: &str) -> Option<Record> {
    let mut text = Vec::new();
    folder.read(name).ok()?.take(LONGEST).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Removes records of datasets that are gone; `waits` tells whether one is there.
pub(super) fn remove_stale(root: &RootDir, now: u64, waits: impl Fn(JobId) -> bool) {
    let Ok(folder) = root.directory(ATTEMPTS) else { return };
    let Ok(entries) = folder.entries() else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let job = name.to_str().ok().and_then(|name| name.parse().ok());
        let is_left = job.map_or_else(|| is_abandoned(&folder, name, now), |job| !waits(job));
        if is_left {
            drop(folder.remove_file(name));
        }
    }
    drop(root.remove_directory(ATTEMPTS));
}

/// Whether it is a record that a process was writing when it was killed.
fn is_abandoned(folder: &RootDir, name: &CStr, now: u64) -> bool {
    let written = folder.entry(name).map_or(u64::MAX, |entry| u64::try_from(entry.modified).unwrap_or_default());
    name.to_bytes().starts_with(TEMPORARY.as_bytes())
        && now > written.saturating_add(LONGEST_WRITE).saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn job() -> JobId {
        JobId::from_bytes([7; 16])
    }

    /// A server's directory with a dataset.
    fn site() -> (tempfile::TempDir, RootDir) {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("dataset"), "dataset").unwrap();
        let root = RootDir::open(directory.path()).unwrap();
        (directory, root)
    }

    fn attempts<'r>(root: &'r RootDir, directory: &Path) -> AttemptCounter<'r> {
        AttemptCounter::of(root, &job().to_string(), &File::open(directory.join("dataset")).unwrap()).unwrap()
    }

    #[test]
    fn three_that_never_end_are_enough_and_those_that_are_stopped_do_not_count() {
        let (directory, root) = site();
        let attempts = || attempts(&root, directory.path());
        for unfinished in 0..MOST {
            let stopped = attempts();
            assert!(stopped.unfinished == unfinished && !stopped.are_exhausted());
            stopped.begin().unwrap();
            stopped.undo();
            attempts().begin().unwrap();
        }
        assert!(attempts().are_exhausted());
        attempts().clear();
        assert!(!attempts().are_exhausted() && !directory.path().join(ATTEMPTS).exists());
    }

    #[test]
    fn another_dataset_has_attempts_of_its_own() {
        let (directory, root) = site();
        for _ in 0..MOST {
            attempts(&root, directory.path()).begin().unwrap();
        }
        let anew = directory.path().join("anew");
        fs::write(&anew, "dataset").unwrap();
        fs::rename(anew, directory.path().join("dataset")).unwrap();
        assert_eq!(attempts(&root, directory.path()).unfinished, 0);
    }

    #[test]
    fn records_go_with_their_datasets_and_damaged_ones_count_for_nothing() {
        let (directory, root) = site();
        let record = directory.path().join(ATTEMPTS).join(job().to_string());
        attempts(&root, directory.path()).begin().unwrap();
        remove_stale(&root, 0, |_| true);
        assert!(record.exists());
        fs::write(&record, "{").unwrap();
        assert_eq!(attempts(&root, directory.path()).unfinished, 0);
        let half = directory.path().join(ATTEMPTS).join(".hestat-half");
        fs::write(&half, "{").unwrap();
        remove_stale(&root, 0, |_| false);
        assert!(!record.exists() && half.exists());
        remove_stale(&root, u64::MAX - 1, |_| false);
        assert!(!directory.path().join(ATTEMPTS).exists());
    }
}
