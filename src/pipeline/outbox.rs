//! A job's folder in the outbox: its dataset is added up into the totals there, and what is going on is told there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::names::{self, STATUS, TOTALS};
use crate::foundation::atomic::{self, Access, AtomicFile};
use crate::foundation::clock::Clock;
use crate::foundation::observer::{Observer, Stage, Stopped};
use crate::he::{Evaluator, HeError, LaneTotals, Layout};
use crate::package::{DatasetReader, Digest, JobId, JobState, PackageError, Status, TotalsHeader, totals};

/// Words read at a time for each core: 512 KiB. Less makes several cores wait for each other more often; of more, two
/// batches and the sums no longer fit one core's cache.
const BATCH_WORDS: usize = 1 << 16;

/// Milliseconds between two status files while a job is computed.
const REPORT_EVERY: u64 = 1000;

/// Why a dataset gave no totals.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Work was stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The dataset is damaged, or the system refused.
    #[error(transparent)]
    Package(#[from] PackageError),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Package(error.into())
    }
}

impl From<HeError> for Failure {
    fn from(error: HeError) -> Self {
        Self::Package(PackageError::Header(error.to_string()))
    }
}

/// The folder, and the clock by which it is told of.
pub(super) struct Outbox<'c> {
    folder: PathBuf,
    job: JobId,
    clock: &'c dyn Clock,
}

impl<'c> Outbox<'c> {
    /// The folder of `job` below the server's directory `data`.
    pub(super) fn new(data: &Path, job: JobId, clock: &'c dyn Clock) -> Self {
        Self { folder: data.join(names::outbox(job)), job, clock }
    }

    /// Whether the totals are there.
    pub(super) fn has_totals(&self) -> bool {
        self.folder.join(TOTALS).exists()
    }

    /// Says that the job waits, if nothing was said of it yet. A client that cannot be told so is told of the failure.
    pub(super) fn announce(&self) {
        if !self.folder.join(STATUS).exists() && fs::create_dir_all(&self.folder).is_ok() {
            drop(self.report(JobState::Queued));
        }
    }

    /// One pass over the dataset: read, hash and add; then the totals appear, whole.
    pub(super) fn compute(&self, file: &File, observer: &dyn Observer) -> Result<(), Failure> {
        fs::create_dir_all(&self.folder).map_err(at(&names::outbox(self.job)))?;
        self.sweep()?;
        // The caller's handle keeps the lock until the totals are there and the dataset is gone.
        let dataset = DatasetReader::open(file.try_clone()?)?;
        if dataset.job() != self.job {
            return Err(PackageError::Header(format!("it is the dataset of job {}", dataset.job())).into());
        }
        let layout = dataset.layout().clone();
        observer.begin(Stage::Computing, layout.block_count());
        // On one of the pool's threads, for waking the pool for every batch costs more than reading it.
        let added = rayon::scope(|_| self.add(dataset, &layout, observer));
        observer.end();
        let (digest, segments) = added?;
        self.write_totals(&TotalsHeader::new(self.job, digest, &layout), &segments)?;
        Ok(self.report(JobState::Done)?)
    }

    fn add(
        &self,
        dataset: DatasetReader,
        layout: &Layout,
        observer: &dyn Observer,
    ) -> Result<(Digest, Vec<Vec<LaneTotals>>), Failure> {
        let mut evaluator = Evaluator::new(layout);
        let (mut done, mut told) = (0, self.clock.now());
        let digest = dataset.for_each_batch(BATCH_WORDS * rayon::current_num_threads(), |blocks, words| {
            observer.go_on()?;
            evaluator.add(blocks, words)?;
            done += blocks.len() as u64;
            observer.advance(blocks.len() as u64);
            if self.clock.now() >= told + REPORT_EVERY {
                told = self.clock.now();
                self.report(JobState::Computing { done, blocks: layout.block_count() })?;
            }
            Ok::<(), Failure>(())
        })?;
        Ok((digest, evaluator.finish()))
    }

    fn write_totals(&self, header: &TotalsHeader, segments: &[Vec<LaneTotals>]) -> Result<(), PackageError> {
        let place = format!("{}/{TOTALS}", names::outbox(self.job));
        let mut file = AtomicFile::create(&self.folder.join(TOTALS), Access::Shared).map_err(at(&place))?;
        let _digest = totals::write(&mut file, header, segments).map_err(|error| match error {
            PackageError::Io(error) => PackageError::Io(at(&place)(error)),
            other => other,
        })?;
        Ok(file.commit().map_err(at(&place))?)
    }

    /// Removes what a killed process left half-written; the lock on the dataset says that nobody writes here now.
    fn sweep(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(atomic::TEMPORARY) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Tells the client, as far as that can be done; the reason for our caller.
    pub(super) fn fail(&self, error: &PackageError) -> String {
        let reason = error.to_string();
        match self.report(JobState::Failed { reason: reason.clone() }) {
            Ok(()) => reason,
            Err(untold) => format!("{reason} (and the client cannot be told: {untold})"),
        }
    }

    fn report(&self, state: JobState) -> io::Result<()> {
        let status = Status { job: self.job, state, time: self.clock.now() };
        let write = |mut file: AtomicFile| file.write_all(&status.to_json()).and_then(|()| file.publish());
        let place = format!("{}/{STATUS}", names::outbox(self.job));
        AtomicFile::create(&self.folder.join(STATUS), Access::Shared).and_then(write).map_err(at(&place))
    }
}

/// For `map_err`: the same error with the place, below the server's directory, at which it happened.
pub(super) fn at(place: &str) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{place}: {error}"))
}
