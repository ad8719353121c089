//! The server's step: adds up every dataset that waits. No key, no plan, no column name is in reach here.

use std::ffi::CStr;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::attempts::{self, AttemptCounter};
use super::error::PipelineError;
use super::outbox::{self, ComputeFailure, Outbox, at};
use super::paths::{self, ATTEMPTS, DATASET, INBOX, OUTBOX, TOTALS};
use crate::foundation::clock::Clock;
use crate::foundation::observer::Observer;
use crate::foundation::quota::Quota;
use crate::foundation::root_dir::{Entry, EntryKind, RootDir};
use crate::package::JobId;

/// Where to compute, and how.
#[derive(Debug, Clone)]
pub struct ComputeRequest {
    /// The server's directory, with `inbox` and `outbox`.
    pub data: PathBuf,
    /// Leaves datasets in place when their totals are there.
    pub keep: bool,
    /// Computes datasets in quarantine, too.
    pub retry: bool,
    /// What everything below the directory may take.
    pub quota: Quota,
}

impl ComputeRequest {
    /// The server's directory. No link in it is followed.
    pub(super) fn root(&self) -> Result<RootDir, PipelineError> {
        let root = RootDir::open(&self.data).map_err(PipelineError::file(self.data.display()))?;
        Ok(root.with_quota(self.quota.clone()))
    }
}

/// What became of one dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its totals are there now.
    Computed,
    /// They were there before.
    AlreadyDone,
    /// Another process is at it.
    Busy,
    /// It was not computed.
    Failed {
        /// Why.
        reason: String,
        /// Whether the system refused, and not the dataset is to blame: then it may do better later.
        passing: bool,
    },
}

/// A dataset that waits in the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PendingDataset {
    pub(super) job: JobId,
    /// What is known of it, unless it may not be seen.
    pub(super) dataset: Option<Entry>,
}

/// Computes all that waits, one job after the other.
///
/// # Errors
/// [`PipelineError::File`] if the directory itself cannot be used, [`PipelineError::Cancelled`]. A job that fails is an
/// [`Outcome`] and stops no other.
pub fn compute(
    request: &ComputeRequest,
    clock: &dyn Clock,
    observer: &dyn Observer,
) -> Result<Vec<(JobId, Outcome)>, PipelineError> {
    let mut outcomes = Vec::new();
    let root = request.root()?;
    outbox::remove_abandoned(&root);
    for waiting in pending(&root, &request.data, clock)? {
        outcomes.push((waiting.job, compute_one(request, &root, waiting.job, clock, observer)?));
    }
    Ok(outcomes)
}

/// How many answers wait to be fetched.
pub fn answers(data: &Path) -> usize {
    let Ok(outbox) = RootDir::open(data).and_then(|root| root.directory(OUTBOX)) else { return 0 };
    let is_answered = |job: &CStr| outbox.directory(job).is_ok_and(|folder| folder.has_file(TOTALS));
    outbox.entries().map_or(0, |jobs| jobs.flatten().filter(|job| is_answered(job.file_name())).count())
}

/// What waits in the inbox, by name; other things there are left alone. Of jobs that nothing was said of yet, it is said
/// that they wait.
pub(super) fn pending(root: &RootDir, data: &Path, clock: &dyn Clock) -> Result<Vec<PendingDataset>, PipelineError> {
    let mut found = find(root).map_err(PipelineError::file(data.join(INBOX).display()))?;
    found.sort_by_key(|waiting| waiting.job);
    attempts::remove_stale(root, clock.now(), |job| found.binary_search_by_key(&job, |waiting| waiting.job).is_ok());
    for waiting in &found {
        Outbox::announce(root, waiting.job, clock);
    }
    Ok(found)
}

fn find(root: &RootDir) -> io::Result<Vec<PendingDataset>> {
    let inbox = match root.directory(INBOX) {
        // Nobody has uploaded yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        outcome => outcome?,
    };
    let mut found = Vec::new();
    for entry in inbox.entries()? {
        let entry = entry?;
        let Some(job) = entry.file_name().to_str().ok().and_then(|name| name.parse().ok()) else { continue };
        match inbox.directory(entry.file_name()).and_then(|folder| folder.entry(DATASET)) {
            Ok(dataset) if dataset.kind == EntryKind::File => {
                found.push(PendingDataset { job, dataset: Some(dataset) });
            }
            // What we may not see is told of as a job that fails, and not passed over in silence.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                found.push(PendingDataset { job, dataset: None });
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Computes one job. The lock on its dataset keeps others from doing the same at once.
pub(super) fn compute_one(
    request: &ComputeRequest,
    root: &RootDir,
    job: JobId,
    clock: &dyn Clock,
    observer: &dyn Observer,
) -> Result<Outcome, PipelineError> {
    let dataset = match Dataset::open(root, job) {
        Ok(dataset) => dataset,
        Err(outcome) => return Ok(outcome),
    };
    let outbox = match Outbox::open(root, job, clock) {
        Ok(outbox) => outbox,
        Err(error) => return Ok(Outcome::Failed { reason: error.to_string(), passing: true }),
    };
    let outcome = if outbox.has_totals() {
        Outcome::AlreadyDone
    } else {
        match attempt(request, root, &outbox, &dataset, observer) {
            Ok(()) => Outcome::Computed,
            Err(ComputeFailure::Stopped(stopped)) => return Err(stopped.into()),
            Err(failure) => {
                return Ok(Outcome::Failed { reason: outbox.fail(&failure), passing: failure.may_pass() });
            }
        }
    };
    if request.keep {
        return Ok(outcome);
    }
    let left = |error| {
        let reason = format!("its totals are there, but its dataset cannot be removed: {error}");
        Outcome::Failed { reason, passing: true }
    };
    Ok(dataset.remove().map_or_else(left, |()| outcome))
}

/// Computes a job, and keeps on record that this has begun until it has ended.
fn attempt(
    request: &ComputeRequest,
    root: &RootDir,
    outbox: &Outbox<'_>,
    dataset: &Dataset,
    observer: &dyn Observer,
) -> Result<(), ComputeFailure> {
    let attempts = AttemptCounter::of(root, &dataset.name, &dataset.file).map_err(at(ATTEMPTS))?;
    if attempts.are_exhausted() && !request.retry {
        return Err(ComputeFailure::Quarantined { attempts: attempts::MOST });
    }
    let prepared = outbox.prepare(&dataset.file)?;
    attempts.begin().map_err(at(ATTEMPTS))?;
    let outcome = outbox.compute(prepared, observer);
    // A process that ends before this has not finished.
    match outcome {
        Err(ComputeFailure::Stopped(_)) => attempts.undo(),
        _ => attempts.clear(),
    }
    outcome
}

/// The dataset of a job, locked, and where it lies.
struct Dataset {
    inbox: RootDir,
    folder: RootDir,
    name: String,
    file: File,
}

impl Dataset {
    /// Opens and locks it; or tells what became of it otherwise.
    fn open(root: &RootDir, job: JobId) -> Result<Self, Outcome> {
        let place = format!("{}/{DATASET}", paths::inbox(job));
        let failed = |error: io::Error| Outcome::Failed { reason: at(&place)(error).to_string(), passing: true };
        let dataset = Self::find(root, job).map_err(|error| match error.kind() {
            // Another process was faster, and has removed it.
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
        let folder = inbox.directory(name.as_str())?;
        let file = folder.read(DATASET)?;
        Ok(Self { inbox, folder, name, file })
    }

    fn remove(&self) -> io::Result<()> {
        match self.folder.remove_file(DATASET) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // The job's folder goes too, unless something else lies in it.
        match self.inbox.remove_directory(self.name.as_str()) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
            _ => Ok(()),
        }
    }
}
