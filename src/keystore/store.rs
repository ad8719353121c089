//! The client's state directory: all jobs of one user.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::KeyStoreError;
use super::job::{self, Job, NewJob};
use super::record::JobRecord;
use super::state_directory;
use crate::foundation::fs::{if_exists, private_file, remove_unlocked_directory};
use crate::package::JobId;

/// The client's state directory.
#[derive(Debug, Clone)]
pub struct KeyStore {
    root: PathBuf,
}

/// A job in [`KeyStore::list`]: its ID, and its record or why it cannot be read.
pub type Listed = (JobId, Result<JobRecord, KeyStoreError>);

impl KeyStore {
    /// Uses the state directory `root`, which is created together with the first job.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Returns the path of the state directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Creates the state directory if it does not exist, and returns its path, for files that must stay in it.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`], also if other users can change the directory.
    pub fn directory(&self) -> Result<&Path, KeyStoreError> {
        state_directory::create(&self.root)?;
        Ok(&self.root)
    }

    /// Begins a job.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`], also if other users can change the state.
    pub fn begin(&self, id: JobId) -> Result<NewJob, KeyStoreError> {
        self.directory()?;
        state_directory::create(&self.jobs())?;
        NewJob::create(&self.jobs(), id)
    }

    /// Removes unfinished jobs of killed processes and returns their number.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`] if the state directory cannot be read or a job cannot be removed.
    pub fn remove_unfinished(&self) -> Result<usize, KeyStoreError> {
        let mut removed = 0;
        for name in self.names()? {
            if name.strip_prefix(".new-").is_some_and(|id| id.parse::<JobId>().is_ok()) {
                let directory = self.jobs().join(&name);
                // A process that is still creating the job holds the lock.
                let is_removed = remove_unlocked_directory(&directory).map_err(KeyStoreError::io(&directory))?;
                removed += usize::from(is_removed);
            }
        }
        Ok(removed)
    }

    /// Returns all jobs, oldest first; those whose record cannot be read come before them.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`] if the state directory cannot be read, or other users can change it.
    pub fn list(&self) -> Result<Vec<Listed>, KeyStoreError> {
        let ids = self.names()?.into_iter().filter_map(|name| name.parse::<JobId>().ok());
        let mut listed: Vec<Listed> = ids.map(|id| (id, self.record(id))).collect();
        listed.sort_by_key(|(id, record)| (record.as_ref().map_or(0, |record| record.created), *id));
        Ok(listed)
    }

    /// Finds the only job whose ID begins with `prefix`; without a prefix, the newest job.
    ///
    /// # Errors
    /// [`KeyStoreError::NoJobs`] if no prefix is given and there is no job; [`KeyStoreError::Unknown`],
    /// [`KeyStoreError::Forgotten`] or [`KeyStoreError::Ambiguous`] unless exactly one job matches.
    pub fn find(&self, prefix: Option<&str>) -> Result<JobId, KeyStoreError> {
        let listed = self.list()?;
        let state = || self.root.display().to_string();
        let Some(prefix) = prefix else {
            return listed.last().map(|(id, _)| *id).ok_or_else(|| KeyStoreError::NoJobs { state: state() });
        };
        // An empty prefix matches no job: otherwise an unset shell variable would select the only one.
        let matching = |id: &JobId| !prefix.is_empty() && id.to_string().starts_with(prefix);
        let matches: Vec<JobId> = listed.into_iter().map(|(id, _)| id).filter(matching).collect();
        match matches.as_slice() {
            [id] => Ok(*id),
            [] => Err(match self.forgotten(prefix)? {
                Some(id) => KeyStoreError::Forgotten(id),
                None => KeyStoreError::Unknown { id: prefix.into(), state: state() },
            }),
            several => Err(KeyStoreError::Ambiguous { prefix: prefix.into(), count: several.len() }),
        }
    }

    /// Opens a job and locks it.
    ///
    /// # Errors
    /// [`KeyStoreError::Busy`] if another process holds the lock; [`KeyStoreError::DamagedRecord`] and
    /// [`KeyStoreError::OtherVersion`] if the record cannot be read; [`KeyStoreError::Io`].
    pub fn open(&self, id: JobId) -> Result<Job, KeyStoreError> {
        state_directory::require_owned(&self.root)?;
        state_directory::require_owned(&self.jobs())?;
        state_directory::require_owned_with_entries(&self.job(id))?;
        Job::open(&self.jobs(), id)
    }

    fn record(&self, id: JobId) -> Result<JobRecord, KeyStoreError> {
        state_directory::require_owned_with_entries(&self.job(id))?;
        job::read_record(&self.job(id), id)
    }

    /// Destroys a job's secrets and all its other files, even if the record cannot be read.
    ///
    /// # Errors
    /// [`KeyStoreError::Busy`] if another process holds the lock; [`KeyStoreError::Io`].
    pub fn forget(&self, id: JobId) -> Result<(), KeyStoreError> {
        match self.open(id) {
            Ok(job) => job.destroy()?,
            Err(KeyStoreError::DamagedRecord { .. } | KeyStoreError::OtherVersion { .. }) => {
                let directory = self.job(id);
                fs::remove_dir_all(&directory).map_err(KeyStoreError::io(&directory))?;
            }
            Err(error) => return Err(error),
        }
        let list = self.forgotten_list();
        state_directory::require_owned(&list)?;
        let append = |mut file: File| writeln!(file, "{id}");
        private_file().create(true).append(true).open(&list).and_then(append).map_err(KeyStoreError::io(&list))
    }

    /// Returns the first forgotten job whose ID begins with `prefix`.
    fn forgotten(&self, prefix: &str) -> Result<Option<JobId>, KeyStoreError> {
        let list = self.forgotten_list();
        state_directory::require_owned(&list)?;
        let text = if_exists(fs::read_to_string(&list)).map_err(KeyStoreError::io(&list))?.unwrap_or_default();
        let forgotten = text.lines().find(|line| !prefix.is_empty() && line.starts_with(prefix));
        Ok(forgotten.and_then(|line| line.parse().ok()))
    }

    fn job(&self, id: JobId) -> PathBuf {
        self.jobs().join(id.to_string())
    }

    fn jobs(&self) -> PathBuf {
        self.root.join("jobs")
    }

    fn forgotten_list(&self) -> PathBuf {
        self.root.join("forgotten")
    }

    /// Returns the file names in the directory of jobs; none if it does not exist.
    fn names(&self) -> Result<Vec<String>, KeyStoreError> {
        let jobs = self.jobs();
        state_directory::require_owned(&self.root)?;
        state_directory::require_owned(&jobs)?;
        let entries = if_exists(fs::read_dir(&jobs)).map_err(KeyStoreError::io(&jobs))?;
        let name =
            |entry: io::Result<fs::DirEntry>| entry.map(|entry| entry.file_name().to_string_lossy().into_owned());
        entries.into_iter().flatten().map(name).collect::<io::Result<_>>().map_err(KeyStoreError::io(&jobs))
    }
}
