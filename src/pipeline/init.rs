//! The client's first step: encrypts a CSV table as a new job and uploads the ciphertext.

use std::io::BufWriter;
use std::path::Path;

use super::encrypt::{Encrypted, PlannedTable};
use super::error::PipelineError;
use super::paths;
use super::server_location::server_location;
use super::stages::{ENCRYPTING, READING, UPLOADING};
use crate::crypto::Passphrase;
use crate::encoding::Plan;
use crate::foundation::clock::Clock;
use crate::foundation::fs::{free_space, parent};
use crate::foundation::observer::Observer;
use crate::foundation::random;
use crate::he::{Encryptor, Layout, SecretKey};
use crate::keystore::{CsvRecord, Job, JobRecord, JobSecrets, KeyStore, NewJob, Phase};
use crate::package::{DatasetHeader, DatasetWriter, Digest, JobId, PackageError, TotalsHeader, totals};
use crate::statistics::Statistic;
use crate::table::{CsvSource, Dialect, Notice, Schema, Selection, SkippedColumn};
use crate::transfer::{Connector, Location, RemoteStore};

/// The table to encrypt, and the server that computes.
pub struct InitRequest {
    /// The table.
    pub source: CsvSource,
    /// The dialect of the table. What it leaves open is detected.
    pub dialect: Dialect,
    /// The columns to encrypt.
    pub selection: Selection,
    /// Formats a notice about how the table was read.
    pub describe: fn(&Notice) -> String,
    /// The statistics to compute.
    pub statistics: Vec<&'static dyn Statistic>,
    /// The server that computes.
    pub server: Location,
    /// Passphrase that protects the key on disk.
    pub passphrase: Option<Passphrase>,
}

/// An encrypted and uploaded job.
#[derive(Debug, Clone)]
pub struct Initiated {
    /// The job's record.
    pub record: JobRecord,
    /// Columns that were skipped although the user did not exclude them.
    pub skipped: Vec<SkippedColumn>,
    /// Notices about how the table was read.
    pub notices: Vec<String>,
}

/// Encrypts a table and uploads it.
///
/// # Errors
/// [`PipelineError::Upload`] if the upload was interrupted; then the job is kept, and [`resume`] continues the upload.
/// After any other error no job remains: [`PipelineError::Transfer`] if the server cannot be used,
/// [`PipelineError::Table`] and [`PipelineError::Encryption`] if the table cannot be encrypted,
/// [`PipelineError::InsufficientSpace`], [`PipelineError::File`], [`PipelineError::Package`] and
/// [`PipelineError::KeyStore`] if the job cannot be stored.
pub fn init(
    request: &InitRequest,
    store: &KeyStore,
    connector: &Connector,
    clock: &dyn Clock,
    observer: Observer<'_>,
) -> Result<Initiated, PipelineError> {
    let server = connector.connect(&request.server, observer)?;
    remove_unfinished(store, observer)?;
    let schema = learn_schema(request, observer)?;
    let notices: Vec<String> = schema.notices.iter().map(request.describe).collect();
    for notice in &notices {
        observer.notice(notice);
    }
    let plan = Plan::new(schema.rows, &schema.columns, &request.statistics);
    let mut job = encrypt(request, &schema, &notices, plan, store, clock, observer)?;
    upload(&mut job, server.as_ref(), observer)?;
    Ok(Initiated { record: job.record().clone(), skipped: schema.skipped, notices })
}

/// Continues the interrupted upload of a job with the same ciphertext.
///
/// # Errors
/// [`PipelineError::AlreadyUploaded`] if the upload was completed before; [`PipelineError::KeyStore`] if the job cannot
/// be opened; [`PipelineError::Transfer`] and [`PipelineError::Upload`] if the server cannot be used.
pub fn resume(
    store: &KeyStore,
    job: JobId,
    connector: &Connector,
    observer: Observer<'_>,
) -> Result<JobRecord, PipelineError> {
    let mut job = store.open(job)?;
    if job.record().phase != Phase::Spooled {
        return Err(PipelineError::AlreadyUploaded(job.record().job));
    }
    let server = connector.connect(&server_location(job.record())?, observer)?;
    resume_upload(&mut job, server.as_ref(), observer)?;
    Ok(job.record().clone())
}

fn remove_unfinished(store: &KeyStore, observer: Observer<'_>) -> Result<(), PipelineError> {
    let removed = store.remove_unfinished()?;
    if removed > 0 {
        observer.notice(&format!("unfinished jobs of killed processes removed: {removed}"));
    }
    Ok(())
}

fn learn_schema(request: &InitRequest, observer: Observer<'_>) -> Result<Schema, PipelineError> {
    observer.begin(READING, request.source.length()?);
    let schema = Schema::learn(&request.source, &request.dialect, &request.selection, observer);
    observer.end();
    Ok(schema?)
}

fn encrypt(
    request: &InitRequest,
    schema: &Schema,
    notices: &[String],
    plan: Plan,
    store: &KeyStore,
    clock: &dyn Clock,
    observer: Observer<'_>,
) -> Result<Job, PipelineError> {
    let layout = Layout::new(plan.rows(), plan.slots())?;
    let mut random = random::from_system()?;
    let new_job = store.begin(JobId::draw(&mut random))?;
    let key = SecretKey::generate(&mut random);
    let table = PlannedTable { source: &request.source, schema, plan: &plan, layout: &layout };
    observer.begin(ENCRYPTING, plan.rows());
    let stored = encrypt_to_disk(&table, &new_job, &key, observer);
    observer.end();
    let StoredDataset { digest: dataset, bytes, totals } = stored?;
    let record = JobRecord {
        job: new_job.id(),
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
        notices: notices.to_vec(),
    };
    let statistics = request.statistics.iter().map(|statistic| statistic.name().into()).collect();
    let secrets = JobSecrets { key, totals, plan, statistics, csv };
    Ok(new_job.finish(record, &secrets, request.passphrase.as_ref(), &mut random)?)
}

/// An encrypted dataset on the client's disk.
struct StoredDataset {
    digest: Digest,
    bytes: u64,
    /// Digest of the totals file that a server computes from it.
    totals: Digest,
}

fn encrypt_to_disk(
    table: &PlannedTable<'_>,
    job: &NewJob,
    key: &SecretKey,
    observer: Observer<'_>,
) -> Result<StoredDataset, PipelineError> {
    let path = job.dataset_file();
    let failed = |source: PackageError| PipelineError::Package { name: path.display().to_string(), source };
    let header = DatasetHeader::new(job.id(), table.layout);
    let bytes = header.file_bytes().map_err(failed)?;
    require_space(&path, bytes, observer)?;
    let encryptor = Encryptor::new(key, random::from_system()?)?;
    let file = BufWriter::with_capacity(1 << 20, job.create_dataset_file()?);
    let dataset = DatasetWriter::new(file, &header).map_err(failed)?;
    let Encrypted { output, digest, totals } = table.encrypt(encryptor, dataset, observer)?;
    // Not synced: if a power failure damages the file, the server detects the wrong digest and computes nothing.
    output.into_inner().map_err(|error| PipelineError::file(path.display())(error.into_error()))?;
    let header = TotalsHeader::new(job.id(), digest, table.layout);
    Ok(StoredDataset { digest, bytes, totals: totals::digest(&header, &totals).map_err(failed)? })
}

/// Fails if the disk has less free space than the dataset needs; otherwise notifies the user of both numbers. Does
/// nothing if the file system does not report its free space.
fn require_space(path: &Path, needed: u64, observer: Observer<'_>) -> Result<(), PipelineError> {
    let directory = parent(path);
    let free = free_space(directory).map_err(PipelineError::file(directory.display()))?;
    let Some(free) = free else { return Ok(()) };
    if free < needed {
        return Err(PipelineError::InsufficientSpace { path: directory.display().to_string(), free, needed });
    }
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    observer.notice(&format!(
        "the ciphertext needs {:.1} MB in {}; {:.0} MB are free",
        megabytes(needed),
        directory.display(),
        megabytes(free)
    ));
    Ok(())
}

/// Continues the upload, unless the server has the whole dataset: the client may have been killed just after the
/// upload.
fn resume_upload(job: &mut Job, server: &dyn RemoteStore, observer: Observer<'_>) -> Result<(), PipelineError> {
    let JobRecord { job: id, dataset_bytes, .. } = *job.record();
    let name = format!("{}/{}", paths::inbox(id), paths::DATASET);
    let failed = |source| PipelineError::Upload { job: id, source };
    let computed = server.size(&format!("{}/{}", paths::outbox(id), paths::TOTALS)).map_err(failed)?.is_some();
    if computed || server.size(&name).map_err(failed)? == Some(dataset_bytes) {
        return complete_upload(job);
    }
    upload(job, server, observer)
}

fn upload(job: &mut Job, server: &dyn RemoteStore, observer: Observer<'_>) -> Result<(), PipelineError> {
    let JobRecord { job: id, dataset_bytes, .. } = *job.record();
    let name = format!("{}/{}", paths::inbox(id), paths::DATASET);
    observer.begin(UPLOADING, dataset_bytes);
    let sent = server.put(&job.dataset_file(), &name, observer);
    observer.end();
    sent.map_err(|source| PipelineError::Upload { job: id, source })?;
    complete_upload(job)
}

/// Records that the server has the whole dataset, and removes the local copy.
fn complete_upload(job: &mut Job) -> Result<(), PipelineError> {
    job.set_phase(Phase::Uploaded)?;
    Ok(job.remove_dataset_file()?)
}
