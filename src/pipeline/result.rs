//! The client's second step: fetches the totals, verifies and decrypts them, and computes the statistics.

use std::time::Duration;

use super::deadline::DeadlineCancel;
use super::download_progress::DownloadProgress;
use super::error::PipelineError;
use super::paths;
use super::received_totals::{self, ReceivedTotals};
use super::server_location::server_location;
use super::stages::WAITING;
use crate::crypto::Passphrase;
use crate::foundation::clock::Clock;
use crate::foundation::observer::Observer;
use crate::foundation::text::one_line;
use crate::keystore::{CsvRecord, Job, JobRecord, JobSecrets, KeyStore, KeyStoreError, Phase};
use crate::package::status::MAX_STATUS_BYTES;
use crate::package::{JobId, JobState, Status};
use crate::statistics::{Statistic, Summary, by_name};
use crate::transfer::{Connector, RemoteStore, TransferError};

/// The longest reason of a failed computation that is shown, in characters.
const MAX_REASON_CHARACTERS: usize = 300;

/// Maximum pause between two polls of the server.
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(2);

/// A job's totals as received from the server. They are not verified, and no secret is loaded yet.
pub struct Fetched {
    job: Job,
    totals: ReceivedTotals,
}

/// A job's statistics, and what is needed to compare them with those of the clear table.
#[derive(Debug, Clone)]
pub struct Decrypted {
    /// The job's record.
    pub record: JobRecord,
    /// The selected statistics.
    pub statistics: Vec<&'static dyn Statistic>,
    /// Their decrypted values.
    pub summary: Summary,
    /// The CSV file that was encrypted.
    pub csv: CsvRecord,
}

/// Fetches a job's totals. Waits for them up to `wait`; with `None`, queries the server once.
///
/// # Errors
/// [`PipelineError::NotReady`] and [`PipelineError::NotUploaded`] if there are none yet; [`PipelineError::Failed`] if
/// the server could not compute them; [`PipelineError::NotOnServer`]; [`PipelineError::DownloadTimeout`] and
/// [`PipelineError::ReplyTimeout`] after `wait`; [`PipelineError::WrongTotals`] if they are longer than the correct
/// ones; [`PipelineError::Transfer`], [`PipelineError::KeyStore`].
pub fn fetch(
    job: JobId,
    wait: Option<Duration>,
    store: &KeyStore,
    connector: &Connector,
    clock: &dyn Clock,
    observer: Observer<'_>,
) -> Result<Fetched, PipelineError> {
    let job = store.open(job)?;
    if job.record().phase != Phase::Spooled {
        // The dataset file still exists if the client was killed right after the upload.
        job.remove_dataset_file()?;
    }
    let totals = wait_and_fetch(&job, wait, connector, clock, observer)?;
    Ok(Fetched { job, totals })
}

impl Fetched {
    /// Verifies and decrypts the totals; `passphrase` opens the key if it is protected.
    ///
    /// # Errors
    /// [`PipelineError::WrongTotals`] if they are not the sum of the dataset; [`PipelineError::Damaged`] if the file is
    /// damaged; [`PipelineError::KeyStore`] if the key cannot be used.
    pub fn open(self, passphrase: Option<&Passphrase>) -> Result<Decrypted, PipelineError> {
        let Self { mut job, totals } = self;
        let id = job.record().job;
        let secrets = job.secrets(passphrase)?;
        let totals = received_totals::decrypt(id, &secrets, totals)?;
        let (statistics, summary) = summarize(id, &secrets, &totals)?;
        job.set_phase(Phase::Decrypted)?;
        Ok(Decrypted { record: job.record().clone(), statistics, summary, csv: secrets.csv })
    }
}

/// Waits for the totals and downloads them. The connection is closed when this returns, so that the server can observe
/// neither the outcome of the verification nor its duration.
fn wait_and_fetch(
    job: &Job,
    wait: Option<Duration>,
    connector: &Connector,
    clock: &dyn Clock,
    observer: Observer<'_>,
) -> Result<ReceivedTotals, PipelineError> {
    let milliseconds = |wait: Duration| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    let end = clock.now().saturating_add(wait.map_or(0, milliseconds));
    // Without a waiting time, the server is queried once, without a deadline.
    let deadline = wait.filter(|wait| !wait.is_zero()).map_or(u64::MAX, |_| end);
    let deadline = DeadlineCancel::new(observer.cancel, clock, deadline);
    let progress = DownloadProgress::new(observer.progress);
    let observer = observer.with_progress(&progress).with_cancel(&deadline);
    let timed_out = |error| timed_out(job.record(), &deadline, &progress, error);
    let server = find_totals(job, end, connector, clock, observer).map_err(timed_out)?;
    let totals = received_totals::fetch(job, server.as_ref(), observer).map_err(timed_out)?;
    // Everything has arrived, so the deadline must not interrupt closing the connection.
    deadline.lift();
    Ok(totals)
}

/// Computes the requested statistics from the exact totals.
fn summarize(
    job: JobId,
    secrets: &JobSecrets,
    totals: &[u128],
) -> Result<(Vec<&'static dyn Statistic>, Summary), PipelineError> {
    let lost = |reason: &str| KeyStoreError::LostKey { job, reason: reason.into() };
    let sums = secrets.plan.sums(totals).map_err(|_| lost("its plan does not fit the totals"))?;
    let statistics: Option<Vec<_>> = secrets.statistics.iter().map(|name| by_name(name)).collect();
    let statistics = statistics.ok_or_else(|| lost("it names statistics unknown to this version"))?;
    let summary = Summary::finish(&statistics, &sums);
    Ok((statistics, summary))
}

/// Replaces a cancellation by a timeout error if the deadline caused it.
fn timed_out(
    record: &JobRecord,
    deadline: &DeadlineCancel<'_>,
    progress: &DownloadProgress<'_>,
    error: PipelineError,
) -> PipelineError {
    let (job, server) = (record.job, record.server.clone());
    match error {
        PipelineError::Cancelled(_) | PipelineError::Transfer(TransferError::Cancelled(_))
            if deadline.has_expired() =>
        {
            match progress.downloaded() {
                Some((received, total)) => PipelineError::DownloadTimeout { job, server, received, total },
                None => PipelineError::ReplyTimeout { job, server },
            }
        }
        error => error,
    }
}

/// Connects to the job's server and waits until it has the totals.
fn find_totals<'c>(
    job: &Job,
    end: u64,
    connector: &'c Connector,
    clock: &dyn Clock,
    observer: Observer<'c>,
) -> Result<Box<dyn RemoteStore + 'c>, PipelineError> {
    let server = connector.connect(&server_location(job.record())?, observer)?;
    wait_for_totals(job, end, server.as_ref(), clock, observer)?;
    Ok(server)
}

fn wait_for_totals(
    job: &Job,
    end: u64,
    server: &dyn RemoteStore,
    clock: &dyn Clock,
    observer: Observer<'_>,
) -> Result<(), PipelineError> {
    let mut pause = Duration::from_millis(50);
    let mut progress = RemoteProgress::default();
    let outcome = loop {
        match progress.poll(job, server, observer) {
            Err(error) if clock.now() < end && may_still_arrive(&error, observer) => {}
            outcome => break outcome,
        }
        observer.check_cancelled()?;
        clock.sleep(pause.min(Duration::from_millis(end.saturating_sub(clock.now()))));
        pause = MAX_POLL_INTERVAL.min(pause * 2);
    };
    progress.end(observer);
    outcome
}

/// Returns whether the totals may still arrive. If the server is unavailable, notifies the user.
fn may_still_arrive(error: &PipelineError, observer: Observer<'_>) -> bool {
    match error {
        PipelineError::NotReady { .. } => true,
        PipelineError::Transfer(error) if error.is_transient() => {
            observer.notice(&format!("{error}; still waiting for the totals"));
            true
        }
        _ => false,
    }
}

/// The server's progress as reported to the observer.
#[derive(Default)]
struct RemoteProgress {
    has_begun: bool,
    reported: u64,
}

impl RemoteProgress {
    /// Succeeds if the totals exist; otherwise reports the server's progress and returns why they do not.
    fn poll(&mut self, job: &Job, server: &dyn RemoteStore, observer: Observer<'_>) -> Result<(), PipelineError> {
        let outcome = check_totals(job, server);
        if matches!(outcome, Err(PipelineError::NotReady { .. })) {
            self.report(job, server, observer)?;
        }
        outcome
    }

    fn report(&mut self, job: &Job, server: &dyn RemoteStore, observer: Observer<'_>) -> Result<(), PipelineError> {
        if let Some(JobState::Computing { done, blocks }) = status(job, server)? {
            if !std::mem::replace(&mut self.has_begun, true) {
                observer.begin(WAITING, blocks);
            }
            observer.advance(done.saturating_sub(self.reported));
            self.reported = self.reported.max(done);
        }
        Ok(())
    }

    fn end(&self, observer: Observer<'_>) {
        if self.has_begun {
            observer.end();
        }
    }
}

/// Succeeds if the totals exist on the server; otherwise returns why they do not.
fn check_totals(job: &Job, server: &dyn RemoteStore) -> Result<(), PipelineError> {
    let JobRecord { job: id, phase, .. } = *job.record();
    if server.size(&format!("{}/{}", paths::outbox(id), paths::TOTALS))?.is_some() {
        return Ok(());
    }
    if phase == Phase::Spooled {
        return Err(PipelineError::NotUploaded(id));
    }
    let not_ready = |state: String| PipelineError::NotReady { job: id, state };
    match status(job, server)? {
        Some(JobState::Failed { reason }) => {
            Err(PipelineError::Failed { job: id, reason: one_line(&reason, MAX_REASON_CHARACTERS) })
        }
        Some(JobState::Computing { done, blocks }) => {
            Err(not_ready(format!("the server has added {done} of {blocks} blocks")))
        }
        _ if server.size(&format!("{}/{}", paths::inbox(id), paths::DATASET))?.is_some() => {
            Err(not_ready("the server has not begun to compute it".into()))
        }
        // Computed since the first check: the totals appear before the dataset is removed.
        _ if server.size(&format!("{}/{}", paths::outbox(id), paths::TOTALS))?.is_some() => Ok(()),
        _ => Err(PipelineError::NotOnServer { job: id, location: job.record().server.clone() }),
    }
}

/// Fetches the job's status; `None` if the server has none that is valid.
fn status(job: &Job, server: &dyn RemoteStore) -> Result<Option<JobState>, PipelineError> {
    let id = job.record().job;
    let name = format!("{}/{}", paths::outbox(id), paths::STATUS);
    if server.size(&name)?.is_none_or(|size| size > MAX_STATUS_BYTES) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    server.get(&name, MAX_STATUS_BYTES, &mut bytes, Observer::null())?;
    Ok(Status::from_json(&bytes).filter(|status| status.job == id).map(|status| status.state))
}
