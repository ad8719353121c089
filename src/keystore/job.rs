//! A job's directory, locked while it is in use.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::KeyStoreError;
use super::record::{JobRecord, Phase};
use super::secrets::JobSecrets;
use crate::crypto::Passphrase;
use crate::foundation::atomic::{self, Access};
use crate::foundation::fs::{create_private_directory, if_exists, lock_directory, private_file, sync_parent};
use crate::foundation::ownership;
use crate::foundation::random::Randomness;
use crate::package::JobId;
use crate::package::hes_file::VERSION;

/// File name of the record.
pub(super) const RECORD: &str = "job.json";
/// File name of the secrets.
const SECRETS: &str = "secrets.hes";
/// Maximum length of a record, in bytes. Longer ones count as damaged.
const MAX_RECORD_BYTES: u64 = 1 << 20;
/// File name of the dataset, which is kept until it is uploaded.
const DATASET: &str = "dataset.hes";

/// A job that is being created. Its directory is removed when this is dropped, unless [`NewJob::finish`] was called.
#[derive(Debug)]
pub struct NewJob {
    id: JobId,
    directory: UnfinishedDirectory,
    lock: File,
}

/// The directory of a job that does not exist yet; removed when dropped.
#[derive(Debug)]
struct UnfinishedDirectory(PathBuf);

impl Drop for UnfinishedDirectory {
    fn drop(&mut self) {
        // A finished job has been renamed, so this removes nothing. If removing fails, a later command removes the
        // rest.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl NewJob {
    pub(super) fn create(jobs: &Path, id: JobId) -> Result<Self, KeyStoreError> {
        let directory = jobs.join(format!(".new-{id}"));
        let lock = create_locked(&directory)?;
        Ok(Self { id, directory: UnfinishedDirectory(directory), lock })
    }

    /// Returns the job ID.
    pub fn id(&self) -> JobId {
        self.id
    }

    /// Returns the path of the dataset file.
    pub fn dataset_file(&self) -> PathBuf {
        self.directory.0.join(DATASET)
    }

    /// Creates the dataset file; only its owner may read it.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`] if the file cannot be created, or exists.
    pub fn create_dataset_file(&self) -> Result<File, KeyStoreError> {
        let path = self.dataset_file();
        private_file().write(true).create_new(true).open(&path).map_err(KeyStoreError::io(&path))
    }

    /// Writes the record and the secrets and renames the directory: from now on the job exists.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`]; [`KeyStoreError::Encrypt`] if the passphrase cannot be used; [`KeyStoreError::LostKey`]
    /// if the secrets are too large to be stored.
    pub fn finish(
        self,
        record: JobRecord,
        secrets: &JobSecrets,
        passphrase: Option<&Passphrase>,
        random: &mut Randomness,
    ) -> Result<Job, KeyStoreError> {
        let Self { id, lock, directory: unfinished } = self;
        secrets.write(&unfinished.0.join(SECRETS), id, passphrase, random)?;
        write_record(&unfinished.0, &record)?;
        let directory = unfinished.0.with_file_name(id.to_string());
        let io = KeyStoreError::io(&directory);
        fs::rename(&unfinished.0, &directory).map_err(&io)?;
        sync_parent(&directory).map_err(io)?;
        Ok(Job { directory, record, _lock: lock })
    }
}

/// An existing job, locked.
#[derive(Debug)]
pub struct Job {
    directory: PathBuf,
    record: JobRecord,
    _lock: File,
}

impl Job {
    pub(super) fn open(jobs: &Path, id: JobId) -> Result<Self, KeyStoreError> {
        let directory = jobs.join(id.to_string());
        let lock = lock(&directory, id)?;
        let record = read_record(&directory, id)?;
        Ok(Self { directory, record, _lock: lock })
    }

    /// Returns the job's record.
    pub fn record(&self) -> &JobRecord {
        &self.record
    }

    /// Reads the job's secrets.
    ///
    /// # Errors
    /// [`KeyStoreError::LostKey`] if they are missing or damaged; [`KeyStoreError::OtherVersion`];
    /// [`KeyStoreError::PassphraseNeeded`] and [`KeyStoreError::WrongPassphrase`] if they are encrypted;
    /// [`KeyStoreError::Io`].
    pub fn secrets(&self, passphrase: Option<&Passphrase>) -> Result<JobSecrets, KeyStoreError> {
        JobSecrets::read(&self.directory.join(SECRETS), self.record.job, passphrase)
    }

    /// Sets the phase; it is on disk when this returns.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`] if the record cannot be written; it is then unchanged.
    pub fn set_phase(&mut self, phase: Phase) -> Result<(), KeyStoreError> {
        let record = JobRecord { phase, ..self.record.clone() };
        write_record(&self.directory, &record)?;
        self.record = record;
        Ok(())
    }

    /// Returns the path of the dataset file, which exists until it is uploaded.
    pub fn dataset_file(&self) -> PathBuf {
        self.directory.join(DATASET)
    }

    /// Removes the dataset file, if it exists.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`] if the file cannot be removed.
    pub fn remove_dataset_file(&self) -> Result<(), KeyStoreError> {
        let path = self.dataset_file();
        if_exists(fs::remove_file(&path)).map(drop).map_err(KeyStoreError::io(&path))
    }

    /// Creates a temporary file in the job's directory. It has no name, so the system removes it when it is closed.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`] if the file cannot be created.
    pub fn scratch(&self) -> Result<File, KeyStoreError> {
        tempfile::tempfile_in(&self.directory).map_err(KeyStoreError::io(&self.directory))
    }

    /// Removes the job's directory, the secrets first.
    pub(super) fn destroy(self) -> Result<(), KeyStoreError> {
        let secrets = self.directory.join(SECRETS);
        if_exists(fs::remove_file(&secrets)).map_err(KeyStoreError::io(&secrets))?;
        fs::remove_dir_all(&self.directory).map_err(KeyStoreError::io(&self.directory))
    }
}

/// The format version of a record and the job's other files. Version 1 did not store it.
#[derive(Deserialize)]
struct Format {
    #[serde(default = "first_version")]
    format: u16,
}

fn first_version() -> u16 {
    1
}

/// A record as it is stored.
#[derive(Serialize)]
struct Stored<'r> {
    format: u16,
    #[serde(flatten)]
    record: &'r JobRecord,
}

pub(super) fn read_record(directory: &Path, id: JobId) -> Result<JobRecord, KeyStoreError> {
    let path = directory.join(RECORD);
    let damaged = |reason: String| KeyStoreError::DamagedRecord { job: id, reason };
    let mut bytes = Vec::new();
    let read = |file: File| file.take(MAX_RECORD_BYTES).read_to_end(&mut bytes);
    ownership::open_regular(&path).and_then(read).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => damaged("the file does not exist".into()),
        // A record that cannot be accessed is not damaged.
        _ => KeyStoreError::io(&path)(error),
    })?;
    let unreadable = |error: serde_json::Error| damaged(error.to_string());
    let Format { format: found } = serde_json::from_slice(&bytes).map_err(unreadable)?;
    if found != VERSION {
        return Err(KeyStoreError::OtherVersion { job: id, found, expected: VERSION });
    }
    let record: JobRecord = serde_json::from_slice(&bytes).map_err(unreadable)?;
    if record.job == id { Ok(record) } else { Err(damaged(format!("it belongs to job {}", record.job))) }
}

fn write_record(directory: &Path, record: &JobRecord) -> Result<(), KeyStoreError> {
    let path = directory.join(RECORD);
    let io = KeyStoreError::io(&path);
    let stored = Stored { format: VERSION, record };
    let mut json = serde_json::to_vec_pretty(&stored).map_err(|error| io(error.into()))?;
    json.push(b'\n');
    atomic::write(&path, &json, Access::Private).map_err(io)
}

/// Locks a job's directory itself, without waiting. The lock is held until the returned file is dropped.
pub(super) fn lock(directory: &Path, id: JobId) -> Result<File, KeyStoreError> {
    let handle = File::open(directory).map_err(KeyStoreError::io(directory))?;
    match handle.try_lock() {
        Ok(()) => Ok(handle),
        Err(TryLockError::WouldBlock) => Err(KeyStoreError::Busy(id)),
        Err(TryLockError::Error(error)) => Err(KeyStoreError::io(directory)(error)),
    }
}

/// Creates the directory of a new job and locks it. If another process removes the directory before it is locked, it is
/// created again.
fn create_locked(directory: &Path) -> Result<File, KeyStoreError> {
    let io = KeyStoreError::io(directory);
    loop {
        create_private_directory(directory).map_err(&io)?;
        if let Some(lock) = lock_directory(directory).map_err(&io)? {
            return Ok(lock);
        }
    }
}
