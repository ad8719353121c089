//! A job's folder in the outbox: its dataset is added up into the totals there, and what is going on is told there.

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Write};

use super::paths::{self, DATASET, INBOX, OUTBOX, STATUS, TOTALS};
use crate::foundation::atomic::{Access, AtomicFile, TEMPORARY};
use crate::foundation::clock::Clock;
use crate::foundation::observer::{Cancelled, Observer, Stage};
use crate::foundation::quota::{BLOCK, MARGIN, Reservation, space_of};
use crate::foundation::root_dir::{EntryKind, RootDir};
use crate::he::{Evaluator, HeError, LaneTotals, Layout};
use crate::package::{DatasetReader, Digest, JobId, JobState, PackageError, Status, TotalsHeader, totals};

/// Words read at a time for each core: 512 KiB. Less makes several cores wait for each other more often; of more, two
/// batches and the sums no longer fit one core's cache.
const BATCH_WORDS: usize = 1 << 16;

/// Milliseconds between two status files while a job is computed.
const REPORT_EVERY: u64 = 1000;

/// Why a dataset gave no totals.
#[derive(Debug, thiserror::Error)]
pub(super) enum ComputeFailure {
    /// Work was stopped.
    #[error(transparent)]
    Stopped(#[from] Cancelled),
    /// The dataset is damaged, or the system refused.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// There is no space for the totals.
    #[error("no space: the answer needs {needed} bytes, {free} are free on the server")]
    NoSpace {
        /// Bytes of the totals and of what comes with them.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// Too many computations have ended with their process.
    #[error(
        "the computation was started {attempts} times and never finished; the dataset is quarantined \
         (on the server, hestat compute --retry tries it again)"
    )]
    Quarantined {
        /// How many.
        attempts: u32,
    },
}

impl ComputeFailure {
    /// Whether the system refused, and not the dataset is to blame.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Package(error) => error.is_io(),
            Self::Stopped(_) | Self::NoSpace { .. } => true,
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

/// Removes what killed processes have left half-written in the folders of jobs whose dataset is gone. Where it is still there,
/// that is done before the next computation; without it, nobody writes there.
pub(super) fn remove_abandoned(root: &RootDir) {
    let (Ok(outbox), inbox) = (root.directory(OUTBOX), root.directory(INBOX)) else { return };
    let waits = |job: &CStr| {
        let dataset = inbox.as_ref().map(|inbox| inbox.directory(job).is_ok_and(|folder| folder.has_file(DATASET)));
        dataset.unwrap_or(false)
    };
    let Ok(jobs) = outbox.entries() else { return };
    for job in jobs.flatten().filter(|job| !waits(job.file_name())) {
        let Ok(folder) = outbox.directory(job.file_name()) else { continue };
        if remove_temporary(&folder).is_ok_and(|removed| removed > 0) {
            // Its client may have removed everything else that was in it.
            drop(outbox.remove_directory(job.file_name()));
        }
    }
}

/// Removes files that a killed process has left without their names; tells how many there were.
fn remove_temporary(folder: &RootDir) -> io::Result<usize> {
    let mut removed = 0;
    for entry in folder.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        let is_left = || folder.entry(name).is_ok_and(|entry| entry.kind != EntryKind::Directory);
        if name.to_bytes().starts_with(TEMPORARY.as_bytes()) && is_left() {
            folder.remove_file(name)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// The folder, and the clock by which it is told of.
pub(super) struct Outbox<'c> {
    folder: RootDir,
    job: JobId,
    clock: &'c dyn Clock,
}

/// A dataset that can be computed, for there is space for its totals.
pub(super) struct Prepared {
    dataset: DatasetReader,
    space: Reservation,
}

impl<'c> Outbox<'c> {
    /// The folder of `job` below the server's directory `root`; made if it is not there.
    pub(super) fn open(root: &RootDir, job: JobId, clock: &'c dyn Clock) -> io::Result<Self> {
        let folder = |outbox: RootDir| outbox.directory_or_new(job.to_string().as_str());
        let folder = root.directory_or_new(OUTBOX).and_then(folder).map_err(at(&paths::outbox(job)))?;
        Ok(Self { folder, job, clock })
    }

    /// Whether the totals are there.
    pub(super) fn has_totals(&self) -> bool {
        self.folder.has_file(TOTALS)
    }

    /// Says that the job waits, if nothing was said of it yet and there is space. A client that cannot be told so is told of
    /// the failure.
    pub(super) fn announce(root: &RootDir, job: JobId, clock: &'c dyn Clock) {
        // Two folders and a status, and what a folder may grow by. The margin is for those that fail.
        let Ok(_reserved) = root.quota().with_margin(MARGIN).reserve(4 * BLOCK) else { return };
        if let Ok(outbox) = Self::open(root, job, clock)
            && !outbox.folder.has_file(STATUS)
        {
            drop(outbox.report(JobState::Queued));
        }
    }

    /// Opens the dataset and sets space aside for its totals.
    pub(super) fn prepare(&self, file: &File) -> Result<Prepared, ComputeFailure> {
        // The lock on the dataset says that nobody writes here now.
        remove_temporary(&self.folder).map_err(at(&paths::outbox(self.job)))?;
        if self.folder.entry(TOTALS).is_ok_and(|entry| matches!(entry.kind, EntryKind::Directory | EntryKind::Other)) {
            let place = format!("{}/{TOTALS}", paths::outbox(self.job));
            return Err(at(&place)(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")).into());
        }
        // The caller's handle keeps the lock until the totals are there and the dataset is gone.
        let dataset = DatasetReader::open(file.try_clone()?)?;
        if dataset.job() != self.job {
            return Err(PackageError::Header(format!("it is the dataset of job {}", dataset.job())).into());
        }
        // As long as with the right digest.
        let totals = TotalsHeader::new(self.job, Digest([0; 32]), dataset.layout());
        let space = self.reserve(totals.file_bytes()?)?;
        Ok(Prepared { dataset, space })
    }

    /// Space for totals of so many bytes, for their name and for a status.
    fn reserve(&self, bytes: u64) -> Result<Reservation, ComputeFailure> {
        let needed = space_of(bytes).saturating_add(3 * BLOCK);
        let quota = self.folder.quota().with_margin(MARGIN);
        let disk = self.folder.free().unwrap_or(u64::MAX);
        let no_space = |free: u64| ComputeFailure::NoSpace { needed, free: free.min(disk) };
        if disk < needed {
            return Err(no_space(quota.free()));
        }
        quota.reserve(needed).map_err(|_| no_space(quota.free()))
    }

    /// One pass over the dataset: read, hash and add; then the totals appear, whole.
    pub(super) fn compute(&self, prepared: Prepared, observer: &dyn Observer) -> Result<(), ComputeFailure> {
        let Prepared { dataset, space } = prepared;
        let layout = dataset.layout().clone();
        observer.begin(Stage::Computing, layout.block_count());
        // On one of the pool's threads, for waking the pool for every batch costs more than reading it.
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
        observer: &dyn Observer,
    ) -> Result<(Digest, Vec<Vec<LaneTotals>>), ComputeFailure> {
        let mut evaluator = Evaluator::new(layout);
        let (mut done, mut told) = (0, self.clock.now());
        let digest = dataset.for_each_batch(BATCH_WORDS * rayon::current_num_threads(), |blocks, words| {
            observer.check_cancelled()?;
            evaluator.add(blocks, words)?;
            done += blocks.len() as u64;
            observer.advance(blocks.len() as u64);
            if self.clock.now() >= told + REPORT_EVERY {
                told = self.clock.now();
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
        let place = format!("{}/{TOTALS}", paths::outbox(self.job));
        let mut file = AtomicFile::create_in(&self.folder, TOTALS, Access::Shared).map_err(at(&place))?;
        file.add_space(space);
        let _digest = totals::write(&mut file, header, segments).map_err(|error| match error {
            PackageError::Io(error) => PackageError::Io(at(&place)(error)),
            other => other,
        })?;
        Ok(file.commit().map_err(at(&place))?)
    }

    /// Tells the client, as far as that can be done; the reason for our caller.
    pub(super) fn fail(&self, failure: &ComputeFailure) -> String {
        let reason = failure.to_string();
        match self.report(JobState::Failed { reason: reason.clone() }) {
            Ok(()) => reason,
            Err(untold) => format!("{reason} (and the client cannot be told: {untold})"),
        }
    }

    fn report(&self, state: JobState) -> io::Result<()> {
        let status = Status { job: self.job, state, time: self.clock.now() };
        let write = |mut file: AtomicFile| file.write_all(&status.to_json()).and_then(|()| file.commit_unsynced());
        let place = format!("{}/{STATUS}", paths::outbox(self.job));
        AtomicFile::create_in(&self.folder, STATUS, Access::Shared).and_then(write).map_err(at(&place))
    }
}

/// For `map_err`: the same error with the place, below the server's directory, at which it happened.
pub(super) fn at(place: &str) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{place}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Clients of `hestat serve` neither see nor remove such files, so nobody else would.
    #[test]
    fn what_killed_processes_left_goes_unless_its_dataset_waits() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for name in
            ["inbox/waits/dataset.hes", "outbox/waits/.hestat-1", "outbox/gone/.hestat-2", "outbox/done/.hestat-3"]
        {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs::write(at(name), "half").unwrap();
        }
        fs::write(at("outbox/done/totals.hes"), "whole").unwrap();
        remove_abandoned(&RootDir::open(directory.path()).unwrap());
        assert!(at("outbox/waits/.hestat-1").exists() && !at("outbox/gone").exists());
        assert!(at("outbox/done/totals.hes").exists() && !at("outbox/done/.hestat-3").exists());
    }
}
