//! Errors of the state directory: its jobs, keys and server credentials.

use std::io;
use std::path::Path;

use super::key_name::ParseKeyNameError;
use crate::crypto::{EncryptError, KeyError, PemError};
use crate::package::JobId;

/// Why a job, a key or a credential cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// Access to a file or directory failed.
    #[error("cannot use {path}")]
    Io {
        /// The file or directory.
        path: String,
        /// Error of the system.
        source: io::Error,
    },
    /// The state directory contains no job.
    #[error("there is no job in {state}")]
    NoJobs {
        /// State directory.
        state: String,
    },
    /// No job has this ID, and no forgotten job had it.
    #[error("there is no job {id} in {state}")]
    Unknown {
        /// ID or prefix as given.
        id: String,
        /// State directory.
        state: String,
    },
    /// The prefix of several job IDs.
    #[error("job ID {prefix} is ambiguous: {count} job IDs begin with it")]
    Ambiguous {
        /// Prefix as given.
        prefix: String,
        /// Number of jobs that match.
        count: usize,
    },
    /// The job was forgotten.
    #[error("job {0} was forgotten: its key and its result are gone")]
    Forgotten(JobId),
    /// The job's secrets are missing or unreadable.
    #[error("the key of job {job} is lost ({reason}); its result can no longer be decrypted")]
    LostKey {
        /// ID of the job.
        job: JobId,
        /// What is wrong with the secrets file.
        reason: String,
    },
    /// The job's record cannot be read.
    #[error("the record of job {job} is damaged: {reason}")]
    DamagedRecord {
        /// ID of the job.
        job: JobId,
        /// What is wrong with the record.
        reason: String,
    },
    /// The job's files have the format of another version of hestat.
    #[error(
        "job {job} was made by another version of hestat (its files have format {found}, this version reads {expected})"
    )]
    OtherVersion {
        /// ID of the job.
        job: JobId,
        /// Format version of the job's files.
        found: u16,
        /// Format version that this version reads.
        expected: u16,
    },
    /// Another process holds the job's lock.
    #[error("another hestat is working on job {0}")]
    Busy(JobId),
    /// The secrets are encrypted, and no passphrase was given.
    #[error("the key of job {0} is protected by a passphrase")]
    PassphraseNeeded(JobId),
    /// The passphrase is wrong, or the encrypted secrets were altered.
    #[error("wrong passphrase for the key of job {0}")]
    WrongPassphrase(JobId),
    /// A certificate cannot be created, for example because a name is invalid.
    #[error("cannot create a certificate for these names: {0}")]
    Certificate(String),
    /// A key cannot be encrypted with the passphrase.
    #[error("cannot encrypt the key with the passphrase")]
    Encrypt(#[from] EncryptError),
    /// The name is not a valid key name.
    #[error(transparent)]
    KeyName(#[from] ParseKeyNameError),
    /// No key has this name.
    #[error("key file {path} does not exist")]
    NoKey {
        /// File in which the key would be.
        path: String,
    },
    /// A key of this name exists.
    #[error("key file {path} already exists")]
    NameTaken {
        /// File of the existing key.
        path: String,
    },
    /// The file contains no private key that can be read.
    #[error("cannot use the key in {path}")]
    KeyFile {
        /// The key file.
        path: String,
        /// What is wrong with the file.
        source: PemError,
    },
    /// The key is too weak or of another kind.
    #[error("cannot use the key in {path}")]
    Key {
        /// The key file.
        path: String,
        /// What is wrong with the key.
        source: KeyError,
    },
    /// The public key beside a private key belongs to another private key.
    #[error("the public key {path} does not belong to the private key beside it")]
    PublicKeyMismatch {
        /// File of the public key.
        path: String,
    },
    /// A new key cannot be generated.
    #[error(transparent)]
    NewKey(#[from] KeyError),
}

impl KeyStoreError {
    /// For `map_err`: access to `path` failed.
    pub(super) fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Io { path: path.clone(), source }
    }

    /// For `map_err`: the key at `path` cannot be used.
    pub(super) fn key(path: &Path) -> impl Fn(KeyError) -> Self + use<> {
        let path = path.display().to_string();
        move |source| Self::Key { path: path.clone(), source }
    }
}
