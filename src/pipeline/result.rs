//! The client's second step: the answer comes back and becomes statistics.

use std::time::Duration;

use super::deadline_observer::DeadlineObserver;
use super::error::PipelineError;
use super::init::location;
use super::paths;
use super::received_totals::{self, ReceivedTotals};
use crate::crypto::Passphrase;
use crate::foundation::clock::Clock;
use crate::foundation::observer::{Observer, Stage};
use crate::foundation::text::sanitize;
use crate::keystore::{CsvRecord, Job, JobRecord, JobSecrets, KeyStore, KeyStoreError, Phase};
use crate::package::status::MAX_STATUS;
use crate::package::{JobId, JobState, Status};
use crate::statistics::{Statistic, Summary, by_name};
use crate::transfer::{Connector, RemoteStore, TransferError};

/// A job's answer as the server gave it. Nothing of it is believed, and no secret is loaded yet.
pub struct Fetched {
    job: Job,
    answer: ReceivedTotals,
}

/// A job's statistics, and what is needed to compare them with the clear data.
#[derive(Debug, Clone)]
pub struct Decrypted {
    /// The job's record.
    pub record: JobRecord,
    /// The statistics that were selected.
    pub statistics: Vec<&'static dyn Statistic>,
    /// Their values.
    pub summary: Summary,
    /// The CSV file that was encrypted.
    pub csv: CsvRecord,
}

/// Fetches a job's answer, and waits for it up to `wait`; `None`: not at all.
///
/// # Errors
/// [`PipelineError::NotReady`], [`PipelineError::Failed`] and others.
pub fn fetch(
    job: JobId,
    wait: Option<Duration>,
    store: &KeyStore,
    connector: &Connector,
    clock: &dyn Clock,
    observer: &dyn Observer,
) -> Result<Fetched, PipelineError> {
    let job = store.open(job)?;
    if job.record().phase != Phase::Spooled {
        // It is still there if init was killed just after the upload.
        job.remove_spool()?;
    }
    let answer = wait_and_fetch(&job, wait, connector, clock, observer)?;
    Ok(Fetched { job, answer })
}

impl Fetched {
    /// Verifies and decrypts it, with the key that `passphrase` opens.
    ///
    /// # Errors
    /// [`PipelineError::Refused`] if it is not the job's only right answer, and others.
    pub fn open(self, passphrase: Option<&Passphrase>) -> Result<Decrypted, PipelineError> {
        let Self { mut job, answer } = self;
        let name = job.record().job;
        let secrets = job.secrets(passphrase)?;
        let totals = received_totals::open(name, &secrets, answer)?;
        let (statistics, summary) = summarise(name, &secrets, &totals)?;
        job.set_phase(Phase::Decrypted)?;
        Ok(Decrypted { record: job.record().clone(), statistics, summary, csv: secrets.csv })
    }
}

/// The server's answer. The connection is closed before anything is done with it, so that how long that takes, and what comes
/// of it, cannot be seen from the server.
fn wait_and_fetch(
    job: &Job,
    wait: Option<Duration>,
    connector: &Connector,
    clock: &dyn Clock,
    observer: &dyn Observer,
) -> Result<ReceivedTotals, PipelineError> {
    let milliseconds = |wait: Duration| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    let end = clock.now().saturating_add(wait.map_or(0, milliseconds));
    // Without patience, one question is asked all the same.
    let until = DeadlineObserver::new(observer, clock, wait.filter(|wait| !wait.is_zero()).map_or(u64::MAX, |_| end));
    let found = find_totals(job, end, connector, clock, &until);
    let server = found.map_err(|error| timed_out(job.record(), &until, error))?;
    let answer = received_totals::fetch(job, server.as_ref(), &until);
    let answer = answer.map_err(|error| timed_out(job.record(), &until, error))?;
    // All that was waited for is here.
    until.lift();
    Ok(answer)
}

/// The statistics that were asked for, from the exact totals.
fn summarise(
    job: JobId,
    secrets: &JobSecrets,
    totals: &[u128],
) -> Result<(Vec<&'static dyn Statistic>, Summary), PipelineError> {
    let lost = |reason: &str| KeyStoreError::LostKey { job, reason: reason.into() };
    let sums = secrets.plan.sums(totals).map_err(|_| lost("its plan does not fit the totals"))?;
    let statistics: Option<Vec<_>> = secrets.statistics.iter().map(|name| by_name(name)).collect();
    let statistics = statistics.ok_or_else(|| lost("it names statistics that this version does not know"))?;
    let summary = Summary::finish(&statistics, &sums);
    Ok((statistics, summary))
}

/// The longest pause between two questions to the server.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What an error means if the time that was given ended the work.
fn timed_out(record: &JobRecord, until: &DeadlineObserver<'_>, error: PipelineError) -> PipelineError {
    let (job, server) = (record.job, record.server.clone());
    match error {
        PipelineError::Cancelled(_) | PipelineError::Transfer(TransferError::Cancelled(_)) if until.has_expired() => {
            match until.downloaded() {
                Some((received, total)) => PipelineError::Cut { job, server, received, total },
                None => PipelineError::Unanswered { job, server },
            }
        }
        error => error,
    }
}

/// The server, when it has them.
fn find_totals<'c>(
    job: &Job,
    end: u64,
    connector: &'c Connector,
    clock: &dyn Clock,
    observer: &'c dyn Observer,
) -> Result<Box<dyn RemoteStore + 'c>, PipelineError> {
    let server = connector.connect(&location(job.record())?, observer)?;
    wait_for_totals(job, end, server.as_ref(), clock, observer)?;
    Ok(server)
}

fn wait_for_totals(
    job: &Job,
    end: u64,
    server: &dyn RemoteStore,
    clock: &dyn Clock,
    observer: &dyn Observer,
) -> Result<(), PipelineError> {
    let mut pause = Duration::from_millis(50);
    let mut progress = RemoteProgress::default();
    let outcome = loop {
        match progress.ask(job, server, observer) {
            Err(error) if clock.now() < end && can_be_waited_out(&error, observer) => {}
            outcome => break outcome,
        }
        observer.check_cancelled()?;
        clock.sleep(pause.min(Duration::from_millis(end.saturating_sub(clock.now()))));
        pause = LONGEST_PAUSE.min(pause * 2);
    };
    progress.end(observer);
    outcome
}

/// Whether the answer may come after all; says so where the server is what is missing.
fn can_be_waited_out(error: &PipelineError, observer: &dyn Observer) -> bool {
    match error {
        PipelineError::NotReady { .. } => true,
        PipelineError::Transfer(error) if error.is_transient() => {
            observer.notice(&format!("{error}; still waiting for the answer"));
            true
        }
        _ => false,
    }
}

/// What has been told of the server's progress.
#[derive(Default)]
struct RemoteProgress {
    begun: bool,
    told: u64,
}

impl RemoteProgress {
    /// Nothing if the totals are there; else why they are not, and how far the server is.
    fn ask(&mut self, job: &Job, server: &dyn RemoteStore, observer: &dyn Observer) -> Result<(), PipelineError> {
        let outcome = progress_of(job, server);
        if matches!(outcome, Err(PipelineError::NotReady { .. })) {
            self.tell(job, server, observer)?;
        }
        outcome
    }

    fn tell(&mut self, job: &Job, server: &dyn RemoteStore, observer: &dyn Observer) -> Result<(), PipelineError> {
        if let Some(JobState::Computing { done, blocks }) = status(job, server)? {
            if !std::mem::replace(&mut self.begun, true) {
                observer.begin(Stage::Waiting, blocks);
            }
            observer.advance(done.saturating_sub(self.told));
            self.told = self.told.max(done);
        }
        Ok(())
    }

    fn end(&self, observer: &dyn Observer) {
        if self.begun {
            observer.end();
        }
    }
}

/// Nothing if the totals are there; else why they are not.
fn progress_of(job: &Job, server: &dyn RemoteStore) -> Result<(), PipelineError> {
    let JobRecord { job: id, phase, .. } = *job.record();
    if server.size(&format!("{}/{}", paths::outbox(id), paths::TOTALS))?.is_some() {
        return Ok(());
    }
    if phase == Phase::Spooled {
        return Err(PipelineError::NotUploaded(id));
    }
    let not_ready = |state: String| PipelineError::NotReady { job: id, state };
    match status(job, server)? {
        Some(JobState::Failed { reason }) => Err(PipelineError::Failed { job: id, reason: quoted(&reason) }),
        Some(JobState::Computing { done, blocks }) => {
            Err(not_ready(format!("the server has added {done} of {blocks} blocks")))
        }
        _ if server.size(&format!("{}/{}", paths::inbox(id), paths::DATASET))?.is_some() => {
            Err(not_ready("the server has not begun to compute it".into()))
        }
        // Computed since the first question: the totals appear before the dataset goes.
        _ if server.size(&format!("{}/{}", paths::outbox(id), paths::TOTALS))?.is_some() => Ok(()),
        _ => Err(PipelineError::Vanished { job: id, location: job.record().server.clone() }),
    }
}

/// What the server says of the job, if it says anything that can be understood.
fn status(job: &Job, server: &dyn RemoteStore) -> Result<Option<JobState>, PipelineError> {
    let id = job.record().job;
    let name = format!("{}/{}", paths::outbox(id), paths::STATUS);
    if server.size(&name)?.is_none_or(|size| size > MAX_STATUS) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let silent = crate::foundation::observer::NullObserver::default();
    server.get(&name, MAX_STATUS, &mut bytes, &silent)?;
    Ok(Status::from_json(&bytes).filter(|status| status.job == id).map(|status| status.state))
}

/// The server's words: one line, not endless, and nothing in it that commands a terminal.
fn quoted(text: &str) -> String {
    sanitize(&text.replace('\n', " ")).chars().take(300).collect()
}
