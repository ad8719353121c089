//! Errors of the pipeline's steps.

use crate::foundation::observer::Cancelled;
use crate::foundation::random::RandomnessError;
use crate::foundation::threads::ThreadStartError;
use crate::he::HeError;
use crate::keystore::KeyStoreError;
use crate::package::{JobId, PackageError};
use crate::table::TableError;
use crate::transfer::TransferError;

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The CSV file cannot be used.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The table is too large for the encryption scheme.
    #[error(transparent)]
    Encryption(#[from] HeError),
    /// The state directory, a key or a job cannot be used.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// The server cannot be used.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The system provides no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// A `.hes` file cannot be read or written.
    #[error("cannot use {name}")]
    Package {
        /// Path or description of the file.
        name: String,
        /// What is wrong with it.
        source: PackageError,
    },
    /// A file or directory of the user cannot be used.
    #[error("cannot use {path}")]
    File {
        /// The file or directory.
        path: String,
        /// Error of the system.
        source: std::io::Error,
    },
    /// Too little disk space for the ciphertext.
    #[error("{path} has {free} bytes free, but {needed} are needed")]
    InsufficientSpace {
        /// Directory of the ciphertext.
        path: String,
        /// Free bytes.
        free: u64,
        /// Bytes needed.
        needed: u64,
    },
    /// The server has not computed the totals yet.
    #[error("the result of job {job} is not ready yet: {state}")]
    NotReady {
        /// ID of the job.
        job: JobId,
        /// State on the server.
        state: String,
    },
    /// The time limit expired during the download.
    #[error(
        "timed out while downloading the totals of job {job} from {server} ({received} of {total} bytes received); \
         nothing was decrypted"
    )]
    DownloadTimeout {
        /// ID of the job.
        job: JobId,
        /// URL of the server.
        server: String,
        /// Bytes received.
        received: u64,
        /// Bytes of the whole file.
        total: u64,
    },
    /// The time limit expired before the server replied.
    #[error("timed out waiting for {server} to reply about job {job}")]
    ReplyTimeout {
        /// ID of the job.
        job: JobId,
        /// URL of the server.
        server: String,
    },
    /// The job's upload was interrupted.
    #[error("job {0} is encrypted but not on the server yet: its upload was interrupted")]
    NotUploaded(JobId),
    /// The upload failed; the encrypted job is kept.
    #[error("job {job} is encrypted, but its upload was not completed")]
    Upload {
        /// ID of the job.
        job: JobId,
        /// Why the upload failed.
        source: TransferError,
    },
    /// The dataset was uploaded before.
    #[error("job {0} is already on the server")]
    AlreadyUploaded(JobId),
    /// The server reports that the computation failed.
    #[error("the server could not compute job {job}: {reason}")]
    Failed {
        /// ID of the job.
        job: JobId,
        /// Reason given by the server.
        reason: String,
    },
    /// The server has neither the dataset nor the totals.
    #[error("the server at {location} has no files of job {job}")]
    NotOnServer {
        /// ID of the job.
        job: JobId,
        /// URL of the server.
        location: String,
    },
    /// The totals file is truncated, altered, or not a totals file. Nothing was decrypted.
    #[error("the totals file of job {job} arrived damaged")]
    Damaged {
        /// ID of the job.
        job: JobId,
        /// What is wrong with the file.
        source: PackageError,
    },
    /// The server's totals are not the sum of the dataset. Nothing was decrypted.
    #[error("the server's totals file of job {0} is not the sum of what was uploaded; nothing was decrypted")]
    WrongTotals(JobId),
    /// The system cannot start threads.
    #[error(transparent)]
    Threads(#[from] ThreadStartError),
    /// The result of a job that is not kept could not be fetched or decrypted, so this cannot be repeated.
    #[error(transparent)]
    InRun(Box<PipelineError>),
    /// The table to compare with lacks a column of the encrypted one.
    #[error("{table} has no column {column:?}, so it is not the table that was encrypted")]
    TableMismatch {
        /// Name of the given table.
        table: String,
        /// Name of the column.
        column: String,
    },
    /// A secret of the server is stored where clients can read it.
    #[error("the server's secret {secret} is inside its data directory {data}, where clients could read it")]
    SecretInData {
        /// File or directory of the secret.
        secret: String,
        /// The data directory.
        data: String,
    },
    /// The served directory was replaced. Clients would continue to upload to the old one, where nothing is computed
    /// any more.
    #[error("{path} was replaced by another directory while it was served")]
    DirectoryReplaced {
        /// Path of the served directory.
        path: String,
    },
    /// The computation of some jobs failed.
    #[error("{failed} of {total} jobs failed")]
    SomeFailed {
        /// Number of failed jobs.
        failed: usize,
        /// Number of all jobs.
        total: usize,
    },
    /// The work was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl PipelineError {
    /// For `map_err`: the file or directory `path` cannot be used.
    pub(super) fn file(path: impl std::fmt::Display) -> impl Fn(std::io::Error) -> Self {
        let path = path.to_string();
        move |source| Self::File { path: path.clone(), source }
    }
}
