//! The server's step: adds up every dataset that waits. No key, no plan, no column name is in reach here.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::error::PipelineError;
use super::names::{self, DATASET, INBOX, OUTBOX, TOTALS};
use super::outbox::{Failure, Outbox, at};
use crate::foundation::clock::Clock;
use crate::foundation::observer::Observer;
use crate::foundation::regular;
use crate::package::JobId;

/// Where to compute, and how.
#[derive(Debug, Clone)]
pub struct ComputeRequest {
    /// The server's directory, with `inbox` and `outbox`.
    pub data: PathBuf,
    /// Leaves datasets in place when their totals are there.
    pub keep: bool,
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
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) job: JobId,
    pub(super) path: PathBuf,
}

/// Computes all that waits, one job after the other.
///
/// # Errors
/// [`PipelineError::File`] if the directory itself cannot be used, [`PipelineError::Stopped`]. A job that fails is an
/// [`Outcome`] and stops no other.
pub fn compute(
    request: &ComputeRequest,
    clock: &dyn Clock,
    observer: &dyn Observer,
) -> Result<Vec<(JobId, Outcome)>, PipelineError> {
    let mut outcomes = Vec::new();
    let all = waiting(&request.data)?;
    announce(request, &all, clock);
    for waiting in all {
        outcomes.push((waiting.job, compute_one(request, &waiting, clock, observer)?));
    }
    Ok(outcomes)
}

/// How many answers wait to be fetched.
pub fn answers(data: &Path) -> usize {
    let Ok(folders) = fs::read_dir(data.join(OUTBOX)) else { return 0 };
    folders.flatten().filter(|folder| folder.path().join(TOTALS).is_file()).count()
}

/// What waits in the inbox, by name; other things there are left alone.
pub(super) fn waiting(data: &Path) -> Result<Vec<Waiting>, PipelineError> {
    let inbox = data.join(INBOX);
    let entries = match fs::read_dir(&inbox) {
        Ok(entries) => entries,
        // Nobody has uploaded yet; but the directory itself must be there.
        Err(error) if error.kind() == io::ErrorKind::NotFound && data.is_dir() => return Ok(Vec::new()),
        Err(error) => return Err(PipelineError::file(inbox.display())(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(PipelineError::file(inbox.display()))?;
        let path = entry.path().join(DATASET);
        let waits = match fs::symlink_metadata(&path) {
            Ok(meta) => meta.is_file(),
            // What we may not see is told of as a job that fails, and not passed over in silence.
            Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
        };
        if let (Ok(job), true) = (entry.file_name().to_string_lossy().parse(), waits) {
            found.push(Waiting { job, path });
        }
    }
    found.sort_by_key(|waiting| waiting.job);
    Ok(found)
}

/// Says of jobs that nothing was said of yet that they wait.
pub(super) fn announce(request: &ComputeRequest, all: &[Waiting], clock: &dyn Clock) {
    for waiting in all {
        Outbox::new(&request.data, waiting.job, clock).announce();
    }
}

/// Computes one job. The lock on its dataset keeps others from doing the same at once.
pub(super) fn compute_one(
    request: &ComputeRequest,
    waiting: &Waiting,
    clock: &dyn Clock,
    observer: &dyn Observer,
) -> Result<Outcome, PipelineError> {
    let dataset = match open_locked(waiting) {
        Ok(dataset) => dataset,
        Err(outcome) => return Ok(outcome),
    };
    let outbox = Outbox::new(&request.data, waiting.job, clock);
    let outcome = if outbox.has_totals() {
        Outcome::AlreadyDone
    } else {
        match outbox.compute(&dataset, observer) {
            Ok(()) => Outcome::Computed,
            Err(Failure::Stopped(stopped)) => return Err(stopped.into()),
            Err(Failure::Package(error)) => {
                return Ok(Outcome::Failed { reason: outbox.fail(&error), passing: error.is_io() });
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
    Ok(remove_dataset(&waiting.path).map_or_else(left, |()| outcome))
}

/// The dataset and the lock on it; or what became of it otherwise.
fn open_locked(waiting: &Waiting) -> Result<File, Outcome> {
    let place = format!("{}/{DATASET}", names::inbox(waiting.job));
    let failed = |error: io::Error| Outcome::Failed { reason: at(&place)(error).to_string(), passing: true };
    let file = regular::open(&waiting.path).map_err(|error| match error.kind() {
        // Another process was faster, and has removed it.
        io::ErrorKind::NotFound => Outcome::AlreadyDone,
        _ => failed(error),
    })?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => Outcome::Busy,
        TryLockError::Error(error) => failed(error),
    })?;
    Ok(file)
}

fn remove_dataset(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // The job's folder goes too, unless something else lies in it.
    match path.parent().map(fs::remove_dir) {
        Some(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
        _ => Ok(()),
    }
}
