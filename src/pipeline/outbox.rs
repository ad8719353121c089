//! A job's directory in the outbox, with its totals and status; adds up the dataset.
//!
//! The space of the totals is reserved before they are computed, because they can be much larger than the dataset.
//! Without space the job fails with "no space" and is retried. Clients leave 32 KiB of the limit to the server for
//! status files; if hundreds of jobs fail for lack of space, some have no status until there is space.

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Write};

use super::paths::{self, DATASET, INBOX, OUTBOX, STATUS, TOTALS};
use super::stages::COMPUTING;
use crate::foundation::atomic::{Access, AtomicFile, TEMPORARY};
use crate::foundation::clock::Clock;
use crate::foundation::observer::{Cancelled, Observer};
use crate::foundation::quota::{DISK_BLOCK, MARGIN, Reservation, space_of};
use crate::foundation::root_dir::{EntryKind, RootDir};
use crate::he::{Evaluator, HeError, LaneTotals, Layout};
use crate::package::{DatasetReader, Digest, JobId, JobState, PackageError, Status, TotalsHeader, totals};

/// Words in a batch, for each core (512 KiB). With fewer, the cores wait for each other more often; with more, two
/// batches and the sums do not fit into one core's cache.
const BATCH_WORDS: usize = 1 << 16;

/// Interval of status updates while a job is computed, in milliseconds.
const REPORT_INTERVAL_MILLISECONDS: u64 = 1000;

/// Why the totals of a dataset were not computed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ComputeFailure {
    /// The work was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The dataset is damaged, or a file cannot be read or written.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// There is no space for the totals.
    #[error("no space: the totals need {needed} bytes, {free} are free on the server")]
    NoSpace {
        /// Bytes of the totals and the status.
        needed: u64,
        /// Free bytes.
        free: u64,
    },
    /// Too many computations ended with their process.
    #[error("the computation was started {attempts} times and never finished; the dataset is quarantined")]
    Quarantined {
        /// Number of unfinished attempts.
        attempts: u32,
    },
}

impl ComputeFailure {
    /// Whether the cause is the system and not the dataset, so that a later attempt may succeed.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Package(error) => error.is_io(),
            Self::Cancelled(_) | Self::NoSpace { .. } => true,
            Self::Quarantined { .. } => false,
        }
    }
}

impl From<io::Error> for ComputeFailure {
    fn from(error: io::Error) -> Self {
        Self::Package(error.into())
    }
}

impl From<HeError> for ComputeFailure {
    fn from(error: HeError) -> Self {
        Self::Package(PackageError::Header(error.to_string()))
    }
}

/// Removes temporary files of killed processes from the directories of jobs that have no dataset. No other process
/// writes to these directories. Those of jobs with a dataset are cleaned before the next computation.
pub(super) fn remove_abandoned(root: &RootDir) {
    let (Ok(outbox), inbox) = (root.directory(OUTBOX), root.directory(INBOX)) else { return };
    let has_dataset = |job: &CStr| {
        let has_file = |inbox: &RootDir| inbox.directory(job).is_ok_and(|directory| directory.has_file(DATASET));
        inbox.as_ref().is_ok_and(has_file)
    };
    let Ok(jobs) = outbox.entries() else { return };
    for job in jobs.flatten().filter(|job| !has_dataset(job.file_name())) {
        let Ok(directory) = outbox.directory(job.file_name()) else { continue };
        if remove_temporary(&directory).is_ok_and(|removed| removed > 0) {
            // The client may have removed all other files; then the directory is empty.
            let _ = outbox.remove_directory(job.file_name());
        }
    }
}

/// Removes temporary files of killed processes and returns their number.
fn remove_temporary(directory: &RootDir) -> io::Result<usize> {
    let mut removed = 0;
    for entry in directory.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        let is_file = || directory.entry(name).is_ok_and(|entry| entry.kind != EntryKind::Directory);
        if name.to_bytes().starts_with(TEMPORARY.as_bytes()) && is_file() {
            directory.remove_file(name)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// A job's directory in the outbox, and the clock for its status.
pub(super) struct Outbox<'c> {
    directory: RootDir,
    job: JobId,
    clock: &'c dyn Clock,
}

/// A dataset that is ready to be computed, and the space reserved for its totals.
pub(super) struct Prepared {
    dataset: DatasetReader,
    space: Reservation,
}

impl<'c> Outbox<'c> {
    /// Opens the directory of `job` below the data directory `root`, and creates it if it does not exist.
    pub(super) fn open(root: &RootDir, job: JobId, clock: &'c dyn Clock) -> io::Result<Self> {
        let subdirectory = |outbox: RootDir| outbox.directory_or_new(job.to_string().as_str());
        let directory = root.directory_or_new(OUTBOX).and_then(subdirectory).map_err(at(&paths::outbox(job)))?;
        Ok(Self { directory, job, clock })
    }

    /// Whether the totals exist.
    pub(super) fn has_totals(&self) -> bool {
        self.directory.has_file(TOTALS)
    }

    /// Writes the status "queued" for a job that has no status, if there is space.
    pub(super) fn announce(root: &RootDir, job: JobId, clock: &'c dyn Clock) {
        // Two directories, a status, and the growth of a directory. The margin is left for the status of failed jobs.
        let Ok(_reserved) = root.quota().with_margin(MARGIN).reserve(4 * DISK_BLOCK) else { return };
        if let Ok(outbox) = Self::open(root, job, clock)
            && !outbox.directory.has_file(STATUS)
        {
            // The job does not depend on its status: if it cannot be written, the computation reports its own failure.
            let _ = outbox.report(JobState::Queued);
        }
    }

    /// Opens the dataset and reserves space for its totals.
    pub(super) fn prepare(&self, file: &File) -> Result<Prepared, ComputeFailure> {
        // The lock on the dataset ensures that no other process writes here.
        remove_temporary(&self.directory).map_err(at(&paths::outbox(self.job)))?;
        if self.directory.entry(TOTALS).is_ok_and(|entry| matches!(entry.kind, EntryKind::Directory | EntryKind::Other))
        {
            let path = format!("{}/{TOTALS}", paths::outbox(self.job));
            return Err(at(&path)(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")).into());
        }
        // The caller's handle keeps the lock until the dataset is removed.
        let dataset = DatasetReader::open(file.try_clone()?)?;
        if dataset.job() != self.job {
            return Err(PackageError::Header(format!("dataset belongs to job {}", dataset.job())).into());
        }
        // The file's length does not depend on the digest.
        let totals = TotalsHeader::new(self.job, Digest([0; 32]), dataset.layout());
        let space = self.reserve(totals.file_bytes()?)?;
        Ok(Prepared { dataset, space })
    }

    /// Reserves space for totals of this many bytes, their directory entry and a status.
    fn reserve(&self, bytes: u64) -> Result<Reservation, ComputeFailure> {
        let needed = space_of(bytes).saturating_add(3 * DISK_BLOCK);
        let quota = self.directory.quota().with_margin(MARGIN);
        // If the file system does not report its free space, writing fails when there is none.
        let disk = self.directory.free().unwrap_or(u64::MAX);
        let no_space = |free: u64| ComputeFailure::NoSpace { needed, free: free.min(disk) };
        if disk < needed {
            return Err(no_space(quota.free()));
        }
        quota.reserve(needed).map_err(|_| no_space(quota.free()))
    }

    /// Reads, hashes and adds up the dataset in one pass, and writes the totals atomically.
    pub(super) fn compute(&self, prepared: Prepared, observer: Observer<'_>) -> Result<(), ComputeFailure> {
        let Prepared { dataset, space } = prepared;
        let layout = dataset.layout().clone();
        observer.begin(COMPUTING, layout.block_count());
        // Runs on a thread of the pool: waking the pool for every batch takes longer than reading the batch.
        let added = rayon::scope(|_| self.add(dataset, &layout, observer));
        observer.end();
        let (digest, segments) = added?;
        self.write_totals(&TotalsHeader::new(self.job, digest, &layout), &segments, space)?;
        Ok(self.report(JobState::Done)?)
    }

    fn add(
        &self,
        dataset: DatasetReader,
        layout: &Layout,
        observer: Observer<'_>,
    ) -> Result<(Digest, Vec<Vec<LaneTotals>>), ComputeFailure> {
        let mut evaluator = Evaluator::new(layout);
        let (mut done, mut reported) = (0, self.clock.now());
        let digest = dataset.for_each_batch(BATCH_WORDS * rayon::current_num_threads(), |blocks, words| {
            observer.check_cancelled()?;
            evaluator.add(blocks, words)?;
            done += blocks.len() as u64;
            observer.advance(blocks.len() as u64);
            if self.clock.now() >= reported + REPORT_INTERVAL_MILLISECONDS {
                reported = self.clock.now();
                self.report(JobState::Computing { done, blocks: layout.block_count() })?;
            }
            Ok::<(), ComputeFailure>(())
        })?;
        Ok((digest, evaluator.finish()))
    }

    fn write_totals(
        &self,
        header: &TotalsHeader,
        segments: &[Vec<LaneTotals>],
        space: Reservation,
    ) -> Result<(), PackageError> {
        let path = format!("{}/{TOTALS}", paths::outbox(self.job));
        let mut file = AtomicFile::create_in(&self.directory, TOTALS, Access::Shared).map_err(at(&path))?;
        file.add_space(space);
        let _digest = totals::write(&mut file, header, segments).map_err(|error| match error {
            PackageError::Io(error) => PackageError::Io(at(&path)(error)),
            other => other,
        })?;
        Ok(file.commit().map_err(at(&path))?)
    }

    /// Writes the status "failed" and returns the reason. If the status cannot be written, the reason says so.
    pub(super) fn fail(&self, failure: &ComputeFailure) -> String {
        let reason = failure.to_string();
        match self.report(JobState::Failed { reason: reason.clone() }) {
            Ok(()) => reason,
            Err(error) => format!("{reason} (cannot write the status: {error})"),
        }
    }

    fn report(&self, state: JobState) -> io::Result<()> {
        let status = Status { job: self.job, state, time: self.clock.now() };
        let write = |mut file: AtomicFile| file.write_all(&status.to_json()?).and_then(|()| file.commit_unsynced());
        let path = format!("{}/{STATUS}", paths::outbox(self.job));
        AtomicFile::create_in(&self.directory, STATUS, Access::Shared).and_then(write).map_err(at(&path))
    }
}

/// For `map_err`: adds the path, relative to the data directory, to an error.
pub(super) fn at(path: &str) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{path}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Clients of `hestat serve` can neither see nor remove such files.
    #[test]
    fn temporary_files_are_removed_unless_their_dataset_is_pending() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for name in
            ["inbox/pending/dataset.hes", "outbox/pending/.hestat-1", "outbox/gone/.hestat-2", "outbox/done/.hestat-3"]
        {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs::write(at(name), "incomplete").unwrap();
        }
        fs::write(at("outbox/done/totals.hes"), "complete").unwrap();
        remove_abandoned(&RootDir::open(directory.path()).unwrap());
        assert!(at("outbox/pending/.hestat-1").exists() && !at("outbox/gone").exists());
        assert!(at("outbox/done/totals.hes").exists() && !at("outbox/done/.hestat-3").exists());
    }
}
