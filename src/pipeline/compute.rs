//! The server's step: adds up every dataset that waits. No key, no plan, no column name is in reach here.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::error::PipelineError;
use super::names::{DATASET, INBOX, OUTBOX, STATUS, TOTALS};
use crate::foundation::clock::Clock;
use crate::foundation::observer::{Observer, Stage};
use crate::he::{Evaluator, LaneTotals};
use crate::package::atomic::{self, Access, AtomicFile};
use crate::package::{DatasetReader, JobId, JobState, PackageError, Status, TotalsHeader, totals};

/// Words read at a time for each core: 512 KiB. Less makes several cores wait for each other more often; of more, two
/// batches and the sums no longer fit one core's cache.
const BATCH_WORDS: usize = 1 << 16;

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
    /// It cannot be computed.
    Failed(String),
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
    for waiting in waiting(&request.data)? {
        outcomes.push((waiting.job, compute_one(request, &waiting, clock, observer)?));
    }
    Ok(outcomes)
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
        let is_file = fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_file());
        if let (Ok(job), true) = (entry.file_name().to_string_lossy().parse(), is_file) {
            found.push(Waiting { job, path });
        }
    }
    found.sort_by_key(|waiting| waiting.job);
    Ok(found)
}

/// Computes one job. The lock on its dataset keeps others from doing the same at once.
pub(super) fn compute_one(
    request: &ComputeRequest,
    waiting: &Waiting,
    clock: &dyn Clock,
    observer: &dyn Observer,
) -> Result<Outcome, PipelineError> {
    let failed = |error: io::Error| Ok(Outcome::Failed(error.to_string()));
    let file = match File::open(&waiting.path) {
        Ok(file) => file,
        // Another process was faster, and has removed it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Outcome::AlreadyDone),
        Err(error) => return failed(error),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Outcome::Busy),
        Err(TryLockError::Error(error)) => return failed(error),
    }
    let answer = Answer { folder: request.data.join(OUTBOX).join(waiting.job.to_string()), job: waiting.job, clock };
    let outcome = if answer.folder.join(TOTALS).exists() {
        Outcome::AlreadyDone
    } else {
        match answer.compute(file, observer) {
            Ok(()) => Outcome::Computed,
            Err(Failure::Stopped(stopped)) => return Err(stopped.into()),
            Err(Failure::Package(error)) => answer.fail(&error),
        }
    };
    if !request.keep && matches!(outcome, Outcome::Computed | Outcome::AlreadyDone) {
        remove_dataset(&waiting.path).map_err(PipelineError::file(waiting.path.display()))?;
    }
    Ok(outcome)
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

/// Why a dataset gave no totals.
enum Failure {
    Stopped(crate::foundation::observer::Stopped),
    Package(PackageError),
}

impl<E: Into<PackageError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Package(error.into())
    }
}

/// A job's folder in the outbox.
struct Answer<'c> {
    folder: PathBuf,
    job: JobId,
    clock: &'c dyn Clock,
}

impl Answer<'_> {
    /// One pass over the dataset: read, hash and add; then the totals appear, whole.
    fn compute(&self, file: File, observer: &dyn Observer) -> Result<(), Failure> {
        fs::create_dir_all(&self.folder)?;
        let mut dataset = DatasetReader::open(file)?;
        if dataset.job() != self.job {
            return Err(PackageError::Header(format!("it is the dataset of job {}", dataset.job())).into());
        }
        observer.begin(Stage::Computing, dataset.layout().block_count());
        // On one of the pool's threads, so that no batch has to wake the pool and be waited for.
        let segments = rayon::scope(|_| self.add(&mut dataset, observer));
        observer.end();
        let segments = segments?;
        let layout = dataset.layout().clone();
        let digest = dataset.finish()?;
        self.write_totals(&TotalsHeader::new(self.job, digest, &layout), &segments)?;
        Ok(self.report(JobState::Done)?)
    }

    fn add(&self, dataset: &mut DatasetReader, observer: &dyn Observer) -> Result<Vec<Vec<LaneTotals>>, Failure> {
        let layout = dataset.layout().clone();
        let blocks = layout.block_count();
        let mut evaluator = Evaluator::new(&layout);
        let mut segments = Vec::new();
        let (mut done, mut told) = (0, self.clock.now());
        let mut batches = layout.batches(BATCH_WORDS * rayon::current_num_threads());
        let mut current = (batches.next(), Vec::new());
        if let Some(batch) = &current.0 {
            dataset.read(batch, &mut current.1)?;
        }
        let mut next_words = Vec::new();
        while let (Some(batch), words) = &current {
            observer.go_on().map_err(Failure::Stopped)?;
            let next = batches.next();
            // Reading is one core's work and goes first; hashing and adding are shared with whoever is free.
            let (read, added) = rayon::join(
                || {
                    let read = next.as_ref().map_or(Ok(()), |next| dataset.read(next, &mut next_words));
                    dataset.absorb(words);
                    read
                },
                || evaluator.add(batch, words).map_err(|error| PackageError::Header(error.to_string())),
            );
            added.and(read)?;
            if batch.ends_segment {
                segments.push(evaluator.finish_segment());
            }
            done += batch.blocks.len() as u64;
            observer.advance(batch.blocks.len() as u64);
            let now = self.clock.now();
            if now >= told + REPORT_EVERY {
                self.report(JobState::Computing { done, blocks })?;
                told = now;
            }
            let words = std::mem::take(&mut current.1);
            current = (next, std::mem::replace(&mut next_words, words));
        }
        Ok(segments)
    }

    fn write_totals(&self, header: &TotalsHeader, segments: &[Vec<LaneTotals>]) -> Result<(), PackageError> {
        let mut file = AtomicFile::create(&self.folder.join(TOTALS), Access::Shared)?;
        totals::write(&mut file, header, segments)?;
        Ok(file.commit()?)
    }

    /// Tells the client, as far as that can be done, and our caller.
    fn fail(&self, error: &PackageError) -> Outcome {
        let reason = error.to_string();
        match self.report(JobState::Failed { reason: reason.clone() }) {
            Ok(()) => Outcome::Failed(reason),
            Err(untold) => Outcome::Failed(format!("{reason} (and the client cannot be told: {untold})")),
        }
    }

    fn report(&self, state: JobState) -> io::Result<()> {
        let status = Status { job: self.job, state, time: self.clock.now() };
        atomic::write(&self.folder.join(STATUS), &status.to_json(), Access::Shared)
    }
}

/// Milliseconds between two status files while a job is computed.
const REPORT_EVERY: u64 = 1000;
