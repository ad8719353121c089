//! One job's directory, held by a lock.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::KeyStoreError;
use super::record::{JobRecord, Phase};
use super::secrets::JobSecrets;
use crate::crypto::Passphrase;
use crate::foundation::atomic::{self, Access};
use crate::foundation::ownership;
use crate::foundation::random::Randomness;
use crate::package::JobId;
use crate::package::frame::VERSION;

/// The record's file name.
pub(super) const RECORD: &str = "job.json";
/// The secrets' file name.
const SECRETS: &str = "secrets.hes";
/// The longest record that is read, in bytes; longer ones are damaged.
const MAX_RECORD: u64 = 1 << 20;
/// The spool's file name.
const SPOOL: &str = "dataset.hes";

/// A job being made; its directory vanishes unless it is [`NewJob::finish`]ed.
#[derive(Debug)]
pub struct NewJob {
    id: JobId,
    directory: PathBuf,
    lock: Option<File>,
}

impl NewJob {
    pub(super) fn create(jobs: &Path, id: JobId) -> Result<Self, KeyStoreError> {
        let directory = jobs.join(format!(".new-{id}"));
        let lock = claim(&directory)?;
        Ok(Self { id, directory, lock: Some(lock) })
    }

    /// The job's name.
    pub fn id(&self) -> JobId {
        self.id
    }

    /// Where the dataset file is to be written.
    pub fn spool(&self) -> PathBuf {
        self.directory.join(SPOOL)
    }

    /// The dataset file, empty, for its owner only.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`].
    pub fn create_spool(&self) -> Result<File, KeyStoreError> {
        let path = self.spool();
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).map_err(KeyStoreError::io(&path))
    }

    /// Writes record and secrets, and gives the directory its name: from now on the job exists.
    ///
    /// # Errors
    /// [`KeyStoreError`]; then the job does not exist.
    pub fn finish(
        mut self,
        record: JobRecord,
        secrets: &JobSecrets,
        passphrase: Option<&Passphrase>,
        random: &mut Randomness,
    ) -> Result<Job, KeyStoreError> {
        secrets.write(&self.directory.join(SECRETS), self.id, passphrase, random)?;
        write_record(&self.directory, &record)?;
        let named = self.directory.with_file_name(self.id.to_string());
        let io = KeyStoreError::io(&named);
        fs::rename(&self.directory, &named).map_err(&io)?;
        atomic::sync_directory(&named).map_err(io)?;
        let lock = self.lock.take().ok_or(KeyStoreError::Busy(self.id))?;
        Ok(Job { directory: named, record, _lock: lock })
    }
}

impl Drop for NewJob {
    fn drop(&mut self) {
        // When finished, the lock is gone and so is the directory's old name.
        if self.lock.is_some() && fs::remove_dir_all(&self.directory).is_err() {
            // What remains is swept away by the next command, and holds no secret.
        }
    }
}

/// A job that exists.
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

    /// What is remembered of it.
    pub fn record(&self) -> &JobRecord {
        &self.record
    }

    /// Its secrets.
    ///
    /// # Errors
    /// [`KeyStoreError::LostKey`], [`KeyStoreError::PassphraseNeeded`], [`KeyStoreError::WrongPassphrase`].
    pub fn secrets(&self, passphrase: Option<&Passphrase>) -> Result<JobSecrets, KeyStoreError> {
        JobSecrets::read(&self.directory.join(SECRETS), self.record.job, passphrase)
    }

    /// Remembers, on disk before it returns, that the job is in `phase`.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`].
    pub fn set_phase(&mut self, phase: Phase) -> Result<(), KeyStoreError> {
        let record = JobRecord { phase, ..self.record.clone() };
        write_record(&self.directory, &record)?;
        self.record = record;
        Ok(())
    }

    /// Where the dataset file lies until the server has it.
    pub fn spool(&self) -> PathBuf {
        self.directory.join(SPOOL)
    }

    /// Removes the dataset file: the server has it.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`].
    pub fn remove_spool(&self) -> Result<(), KeyStoreError> {
        match fs::remove_file(self.spool()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(KeyStoreError::io(&self.spool())(error)),
            _ => Ok(()),
        }
    }

    /// A file in the job's directory to download into; it has no name and vanishes when closed.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`].
    pub fn scratch(&self) -> Result<File, KeyStoreError> {
        tempfile::tempfile_in(&self.directory).map_err(KeyStoreError::io(&self.directory))
    }

    /// Removes all of it, the secrets first.
    pub(super) fn destroy(self) -> Result<(), KeyStoreError> {
        let secrets = self.directory.join(SECRETS);
        match fs::remove_file(&secrets) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(KeyStoreError::io(&secrets)(error)),
            _ => fs::remove_dir_all(&self.directory).map_err(KeyStoreError::io(&self.directory)),
        }
    }
}

/// The version of a record's format, which is that of the job's other files. The first version did not name it.
#[derive(Deserialize)]
struct Format {
    #[serde(default = "first_version")]
    format: u16,
}

fn first_version() -> u16 {
    1
}

/// A record as it is written.
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
    let read = |file: File| file.take(MAX_RECORD).read_to_end(&mut bytes);
    ownership::open_regular(&path).and_then(read).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => damaged("it is not there".into()),
        // A record that we may not read is not damaged.
        _ => KeyStoreError::io(&path)(error),
    })?;
    let unreadable = |error: serde_json::Error| damaged(error.to_string());
    let Format { format: found } = serde_json::from_slice(&bytes).map_err(unreadable)?;
    if found != VERSION {
        return Err(KeyStoreError::OtherVersion { job: id, found, expected: VERSION });
    }
    let record: JobRecord = serde_json::from_slice(&bytes).map_err(unreadable)?;
    if record.job == id { Ok(record) } else { Err(damaged(format!("it is that of job {}", record.job))) }
}

fn write_record(directory: &Path, record: &JobRecord) -> Result<(), KeyStoreError> {
    let path = directory.join(RECORD);
    let io = KeyStoreError::io(&path);
    let stored = Stored { format: VERSION, record };
    let mut json = serde_json::to_vec_pretty(&stored).map_err(|error| io(error.into()))?;
    json.push(b'\n');
    atomic::write(&path, &json, Access::Private).map_err(io)
}

/// The lock on a job's directory, for as long as the file lives.
pub(super) fn lock(directory: &Path, id: JobId) -> Result<File, KeyStoreError> {
    let handle = File::open(directory).map_err(KeyStoreError::io(directory))?;
    match handle.try_lock() {
        Ok(()) => Ok(handle),
        Err(TryLockError::WouldBlock) => Err(KeyStoreError::Busy(id)),
        Err(TryLockError::Error(error)) => Err(KeyStoreError::io(directory)(error)),
    }
}

/// Makes the directory of a new job and locks it. A sweep that sees it before the lock takes it for abandoned, so then it
/// is made again.
fn claim(directory: &Path) -> Result<File, KeyStoreError> {
    let io = KeyStoreError::io(directory);
    loop {
        private_directory(directory)?;
        let handle = match File::open(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            handle => handle.map_err(&io)?,
        };
        handle.lock().map_err(&io)?;
        if directory.is_dir() {
            return Ok(handle);
        }
    }
}

/// Makes a directory that only its owner may enter.
pub(super) fn private_directory(path: &Path) -> Result<(), KeyStoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(KeyStoreError::io(path))
}
