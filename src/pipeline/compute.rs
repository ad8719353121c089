//! The server's step: computes the totals of every pending dataset, without access to keys, plans or column names.

use std::ffi::CStr;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::attempts::{self, AttemptCounter};
use super::error::PipelineError;
use super::outbox::{self, ComputeFailure, Outbox, at};
use super::paths::{self, ATTEMPTS, DATASET, INBOX, OUTBOX, TOTALS};
use crate::foundation::clock::Clock;
use crate::foundation::fs::if_exists;
use crate::foundation::observer::Observer;
use crate::foundation::quota::Quota;
use crate::foundation::root_dir::{Entry, EntryKind, RootDir};
use crate::package::JobId;

/// What to compute, and how.
#[derive(Debug, Clone)]
pub struct ComputeRequest {
    /// The data directory, with `inbox` and `outbox`.
    pub data: PathBuf,
    /// Whether datasets are kept after their totals are computed.
    pub keep: bool,
    /// Whether quarantined datasets are also computed.
    pub retry: bool,
    /// Limit on the disk space below the directory.
    pub quota: Quota,
}

impl ComputeRequest {
    /// Opens the data directory. No symbolic links in it are followed.
    pub(super) fn root(&self) -> Result<RootDir, PipelineError> {
        let root = RootDir::open(&self.data).map_err(PipelineError::file(self.data.display()))?;
        Ok(root.with_quota(self.quota.clone()))
    }
}

/// The outcome for one dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The totals were computed.
    Computed,
    /// The totals existed before.
    AlreadyDone,
    /// Another process is computing it.
    Busy,
    /// The computation failed.
    Failed {
        /// Why it failed.
        reason: String,
        /// Whether the cause is the system and not the dataset, so that a later attempt may succeed.
        is_transient: bool,
    },
}

/// A dataset in the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PendingDataset {
    pub(super) job: JobId,
    /// Its file metadata, unless access to it is denied.
    pub(super) file: Option<Entry>,
}

/// Computes all pending datasets, one after the other.
///
/// # Errors
/// [`PipelineError::File`] if the data directory cannot be used; [`PipelineError::Cancelled`]. A job that fails gives
/// an [`Outcome`] and does not affect the others.
pub fn compute(
    request: &ComputeRequest,
    clock: &dyn Clock,
    observer: Observer<'_>,
) -> Result<Vec<(JobId, Outcome)>, PipelineError> {
    let mut outcomes = Vec::new();
    let root = request.root()?;
    outbox::remove_abandoned(&root);
    for PendingDataset { job, .. } in pending(&root, &request.data, clock)? {
        outcomes.push((job, compute_one(request, &root, job, clock, observer)?));
    }
    Ok(outcomes)
}

/// Returns the number of jobs whose totals are in the outbox; 0 if it cannot be read.
pub fn count_computed(data: &Path) -> usize {
    let Ok(outbox) = RootDir::open(data).and_then(|root| root.directory(OUTBOX)) else { return 0 };
    let is_computed = |job: &CStr| outbox.directory(job).is_ok_and(|directory| directory.has_file(TOTALS));
    outbox.entries().map_or(0, |jobs| jobs.flatten().filter(|job| is_computed(job.file_name())).count())
}

/// Returns the datasets in the inbox, sorted by job; other files there are ignored. Writes a status for jobs that have
/// none, and removes stale records of attempts.
pub(super) fn pending(root: &RootDir, data: &Path, clock: &dyn Clock) -> Result<Vec<PendingDataset>, PipelineError> {
    let mut found = find(root).map_err(PipelineError::file(data.join(INBOX).display()))?;
    found.sort_by_key(|dataset| dataset.job);
    attempts::remove_stale(root, clock.now(), |job| found.binary_search_by_key(&job, |dataset| dataset.job).is_ok());
    for dataset in &found {
        Outbox::announce(root, dataset.job, clock);
    }
    Ok(found)
}

fn find(root: &RootDir) -> io::Result<Vec<PendingDataset>> {
    // The directory is created by the first upload.
    let Some(inbox) = if_exists(root.directory(INBOX))? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in inbox.entries()? {
        let entry = entry?;
        let Some(job) = entry.file_name().to_str().ok().and_then(|name| name.parse().ok()) else { continue };
        match inbox.directory(entry.file_name()).and_then(|directory| directory.entry(DATASET)) {
            Ok(file) if file.kind == EntryKind::File => {
                found.push(PendingDataset { job, file: Some(file) });
            }
            // A dataset without read permission is reported as a failed job instead of being ignored.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                found.push(PendingDataset { job, file: None });
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Computes one job under the lock on its dataset.
pub(super) fn compute_one(
    request: &ComputeRequest,
    root: &RootDir,
    job: JobId,
    clock: &dyn Clock,
    observer: Observer<'_>,
) -> Result<Outcome, PipelineError> {
    let dataset = match Dataset::open(root, job) {
        Ok(dataset) => dataset,
        Err(outcome) => return Ok(outcome),
    };
    let outbox = match Outbox::open(root, job, clock) {
        Ok(outbox) => outbox,
        Err(error) => return Ok(Outcome::Failed { reason: error.to_string(), is_transient: true }),
    };
    let outcome = if outbox.has_totals() {
        Outcome::AlreadyDone
    } else {
        match attempt(request, root, &outbox, &dataset, observer) {
            Ok(()) => Outcome::Computed,
            Err(ComputeFailure::Cancelled(cancelled)) => return Err(cancelled.into()),
            Err(failure) => {
                return Ok(Outcome::Failed { reason: outbox.fail(&failure), is_transient: failure.is_transient() });
            }
        }
    };
    if request.keep {
        return Ok(outcome);
    }
    let not_removed = |error| {
        let reason = format!("the totals are complete, but the dataset cannot be removed: {error}");
        Outcome::Failed { reason, is_transient: true }
    };
    Ok(dataset.remove().map_or_else(not_removed, |()| outcome))
}

/// Computes a job. The attempt is recorded on disk from its beginning to its end.
fn attempt(
    request: &ComputeRequest,
    root: &RootDir,
    outbox: &Outbox<'_>,
    dataset: &Dataset,
    observer: Observer<'_>,
) -> Result<(), ComputeFailure> {
    let attempts = AttemptCounter::of(root, &dataset.name, &dataset.file).map_err(at(ATTEMPTS))?;
    if attempts.is_exhausted() && !request.retry {
        return Err(ComputeFailure::Quarantined { attempts: attempts::MAX_ATTEMPTS });
    }
    let prepared = outbox.prepare(&dataset.file)?;
    attempts.begin().map_err(at(ATTEMPTS))?;
    let outcome = outbox.compute(prepared, observer);
    // If the process is killed before this, the attempt stays on record as unfinished.
    match outcome {
        Err(ComputeFailure::Cancelled(_)) => attempts.undo(),
        _ => attempts.clear(),
    }
    outcome
}

/// The dataset of a job, locked, and its directory.
struct Dataset {
    inbox: RootDir,
    directory: RootDir,
    name: String,
    file: File,
}

impl Dataset {
    /// Opens and locks the dataset, or returns the outcome that prevents this.
    fn open(root: &RootDir, job: JobId) -> Result<Self, Outcome> {
        let path = format!("{}/{DATASET}", paths::inbox(job));
        let failed = |error: io::Error| Outcome::Failed { reason: at(&path)(error).to_string(), is_transient: true };
        let dataset = Self::find(root, job).map_err(|error| match error.kind() {
            // Another process has computed and removed it.
            io::ErrorKind::NotFound => Outcome::AlreadyDone,
            _ => failed(error),
        })?;
        dataset.file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => Outcome::Busy,
            TryLockError::Error(error) => failed(error),
        })?;
        Ok(dataset)
    }

    fn find(root: &RootDir, job: JobId) -> io::Result<Self> {
        let (inbox, name) = (root.directory(INBOX)?, job.to_string());
        let directory = inbox.directory(name.as_str())?;
        let file = directory.read(DATASET)?;
        Ok(Self { inbox, directory, name, file })
    }

    fn remove(&self) -> io::Result<()> {
        if_exists(self.directory.remove_file(DATASET))?;
        // The job's directory is removed too, unless it is not empty.
        match self.inbox.remove_directory(self.name.as_str()) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
            _ => Ok(()),
        }
    }
}
