//! The client's first step: a CSV goes in, a job is made, its ciphertext goes to the server.

use std::io::BufWriter;
use std::path::Path;

use super::encrypt::{Encrypted, PlannedTable};
use super::error::PipelineError;
use super::paths;
use crate::crypto::Passphrase;
use crate::encoding::Plan;
use crate::foundation::clock::Clock;
use crate::foundation::observer::{Observer, Stage};
use crate::foundation::random;
use crate::he::{Encryptor, Layout, SecretKey};
use crate::keystore::{CsvRecord, Job, JobRecord, JobSecrets, KeyStore, NewJob, Phase};
use crate::package::{DatasetHeader, DatasetWriter, Digest, JobId, PackageError, TotalsHeader, totals};
use crate::statistics::Statistic;
use crate::table::{CsvSource, Dialect, Schema, Selection, SkippedColumn};
use crate::transfer::location::ParseLocationError;
use crate::transfer::{Connector, Location, RemoteStore};

/// What to encrypt, and for which server.
pub struct InitRequest {
    /// The table.
    pub source: CsvSource,
    /// How it is written.
    pub dialect: Dialect,
    /// Which of its columns.
    pub selection: Selection,
    /// Which figures will be wanted.
    pub statistics: Vec<&'static dyn Statistic>,
    /// Who will compute.
    pub server: Location,
    /// Protects the key on disk.
    pub passphrase: Option<Passphrase>,
}

/// What was made of it.
#[derive(Debug, Clone)]
pub struct Initiated {
    /// The job's record.
    pub record: JobRecord,
    /// Columns that were left out although nobody asked for that.
    pub skipped: Vec<SkippedColumn>,
    /// What the user was told of how the table was read.
    pub notices: Vec<String>,
}

/// Encrypts a table and uploads it.
///
/// # Errors
/// [`PipelineError`]. Before the upload begins, nothing of the job remains; afterwards [`resume`] goes on.
pub fn init(
    request: &InitRequest,
    store: &KeyStore,
    connector: &Connector,
    clock: &dyn Clock,
    observer: &dyn Observer,
) -> Result<Initiated, PipelineError> {
    let server = connector.connect(&request.server, observer)?;
    sweep(store, observer)?;
    let schema = learn(request, observer)?;
    let plan = Plan::new(schema.rows, &schema.columns, &request.statistics);
    let mut job = encrypt(request, &schema, plan, store, clock, observer)?;
    send(&mut job, server.as_ref(), observer)?;
    Ok(Initiated { record: job.record().clone(), skipped: schema.skipped, notices: schema.notices })
}

/// Uploads a job whose upload was interrupted: the same bytes, never a second encryption.
///
/// # Errors
/// [`PipelineError::AlreadyUploaded`] if there is nothing to do, and others.
pub fn resume(
    store: &KeyStore,
    job: JobId,
    connector: &Connector,
    observer: &dyn Observer,
) -> Result<JobRecord, PipelineError> {
    let mut job = store.open(job)?;
    if job.record().phase != Phase::Spooled {
        return Err(PipelineError::AlreadyUploaded(job.record().job));
    }
    let server = connector.connect(&location(job.record())?, observer)?;
    send_again(&mut job, server.as_ref(), observer)?;
    Ok(job.record().clone())
}

/// The server of a job.
pub(super) fn location(record: &JobRecord) -> Result<Location, PipelineError> {
    let damaged = |error: ParseLocationError| crate::keystore::KeyStoreError::DamagedRecord {
        job: record.job,
        reason: error.to_string(),
    };
    Ok(record.server.parse().map_err(damaged)?)
}

fn sweep(store: &KeyStore, observer: &dyn Observer) -> Result<(), PipelineError> {
    let swept = store.sweep()?;
    if swept > 0 {
        observer.notice(&format!("removed what {swept} interrupted init left behind (no key, no job)"));
    }
    Ok(())
}

fn learn(request: &InitRequest, observer: &dyn Observer) -> Result<Schema, PipelineError> {
    observer.begin(Stage::Reading, request.source.length()?);
    let schema = Schema::learn(&request.source, &request.dialect, &request.selection, observer);
    observer.end();
    let schema = schema?;
    for notice in &schema.notices {
        observer.notice(notice);
    }
    Ok(schema)
}

fn encrypt(
    request: &InitRequest,
    schema: &Schema,
    plan: Plan,
    store: &KeyStore,
    clock: &dyn Clock,
    observer: &dyn Observer,
) -> Result<Job, PipelineError> {
    let layout = Layout::new(plan.rows(), plan.slots())?;
    let mut random = random::from_system()?;
    let new = store.begin(JobId::draw(&mut random))?;
    let key = SecretKey::generate(&mut random);
    let table = PlannedTable { source: &request.source, schema, plan: &plan, layout: &layout };
    observer.begin(Stage::Encrypting, plan.rows());
    let spooled = spool(&table, &new, &key, observer);
    observer.end();
    let Spooled { dataset, bytes, totals } = spooled?;
    let record = JobRecord {
        job: new.id(),
        created: clock.now(),
        server: request.server.to_string(),
        dataset,
        dataset_bytes: bytes,
        rows: plan.rows(),
        columns: plan.column_count(),
        slots: plan.slots(),
        protected: request.passphrase.is_some(),
        phase: Phase::Spooled,
    };
    let csv = CsvRecord {
        digest: schema.digest,
        dialect: schema.dialect.clone(),
        skipped: schema.skipped.clone(),
        notices: schema.notices.clone(),
    };
    let statistics = request.statistics.iter().map(|statistic| statistic.name().into()).collect();
    let secrets = JobSecrets { key, totals, plan, statistics, csv };
    Ok(new.finish(record, &secrets, request.passphrase.as_ref(), &mut random)?)
}

/// A dataset on the client's disk.
struct Spooled {
    dataset: Digest,
    bytes: u64,
    /// Digest of the totals file that a server makes of it.
    totals: Digest,
}

fn spool(
    table: &PlannedTable<'_>,
    new: &NewJob,
    key: &SecretKey,
    observer: &dyn Observer,
) -> Result<Spooled, PipelineError> {
    let path = new.spool();
    let failed = |source: PackageError| PipelineError::Package { name: path.display().to_string(), source };
    let header = DatasetHeader::new(new.id(), table.layout);
    let bytes = header.file_bytes().map_err(failed)?;
    require_room(&path, bytes, observer)?;
    let encryptor = Encryptor::new(key, random::from_system()?)?;
    let file = BufWriter::with_capacity(1 << 20, new.create_spool()?);
    let dataset = DatasetWriter::new(file, &header).map_err(failed)?;
    let Encrypted { output, digest, totals } = table.encrypt(encryptor, dataset, observer)?;
    // Not synced: should a power cut take it, the server finds the upload's digest wrong, and nothing is computed.
    output.into_inner().map_err(|error| PipelineError::file(path.display())(error.into_error()))?;
    let answer = TotalsHeader::new(new.id(), digest, table.layout);
    Ok(Spooled { dataset: digest, bytes, totals: totals::digest(&answer, &totals).map_err(failed)? })
}

/// Says how much disk the spool needs, and fails before a single row is encrypted if there is less.
fn require_room(path: &Path, needed: u64, observer: &dyn Observer) -> Result<(), PipelineError> {
    let folder = path.parent().unwrap_or(path);
    let stat = rustix::fs::statvfs(folder).map_err(|error| PipelineError::file(folder.display())(error.into()))?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    if free < needed {
        return Err(PipelineError::NoRoom { place: folder.display().to_string(), free, needed });
    }
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    observer.notice(&format!(
        "the ciphertext takes {:.1} MB in {}, where {:.0} MB are free",
        megabytes(needed),
        folder.display(),
        megabytes(free)
    ));
    Ok(())
}

/// Sends the spool, unless the server has it all already: then an attempt before this one came further than it knew.
fn send_again(job: &mut Job, server: &dyn RemoteStore, observer: &dyn Observer) -> Result<(), PipelineError> {
    let JobRecord { job: id, dataset_bytes, .. } = *job.record();
    let name = format!("{}/{}", paths::inbox(id), paths::DATASET);
    let failed = |source| PipelineError::Upload { job: id, source };
    let computed = server.size(&format!("{}/{}", paths::outbox(id), paths::TOTALS)).map_err(failed)?.is_some();
    if computed || server.size(&name).map_err(failed)? == Some(dataset_bytes) {
        return arrived(job);
    }
    send(job, server, observer)
}

fn send(job: &mut Job, server: &dyn RemoteStore, observer: &dyn Observer) -> Result<(), PipelineError> {
    let JobRecord { job: id, dataset_bytes, .. } = *job.record();
    let name = format!("{}/{}", paths::inbox(id), paths::DATASET);
    observer.begin(Stage::Uploading, dataset_bytes);
    let sent = server.put(&job.spool(), &name, observer);
    observer.end();
    sent.map_err(|source| PipelineError::Upload { job: id, source })?;
    arrived(job)
}

/// Remembers that the server has it all.
fn arrived(job: &mut Job) -> Result<(), PipelineError> {
    job.set_phase(Phase::Uploaded)?;
    Ok(job.remove_spool()?)
}
