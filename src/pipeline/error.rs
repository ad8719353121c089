//! What a step of the pipeline can end with.

use crate::foundation::observer::Cancelled;
use crate::foundation::random::RandomnessError;
use crate::foundation::threads::ThreadStartError;
use crate::he::HeError;
use crate::keystore::KeyStoreError;
use crate::package::{JobId, PackageError};
use crate::table::TableError;
use crate::transfer::TransferError;

/// Why a step did not reach its end.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The CSV file cannot be used.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The table is too large for the scheme.
    #[error(transparent)]
    Encryption(#[from] HeError),
    /// The state does not give what is needed.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// The server cannot be used.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// A file of ours is not as it should be.
    #[error("cannot use {name}")]
    Package {
        /// Which file.
        name: String,
        /// What is wrong.
        source: PackageError,
    },
    /// A file or directory of the user cannot be used.
    #[error("cannot use {place}")]
    File {
        /// Which.
        place: String,
        /// Why.
        source: std::io::Error,
    },
    /// Too little room for what is to be written.
    #[error("{place} has {free} bytes free, but {needed} are needed")]
    NoRoom {
        /// Where.
        place: String,
        /// There is.
        free: u64,
        /// There should be.
        needed: u64,
    },
    /// The server has not computed the answer yet.
    #[error("the result of job {job} is not there yet: {state}")]
    NotReady {
        /// Which job.
        job: JobId,
        /// What the server says.
        state: String,
    },
    /// The time was over in the middle of the download.
    #[error(
        "time ran out before the answer to job {job} had arrived: {received} of {total} bytes came from {server}, \
         nothing was decrypted"
    )]
    Cut {
        /// Which job.
        job: JobId,
        /// From where.
        server: String,
        /// Bytes that are here.
        received: u64,
        /// Bytes of the whole answer.
        total: u64,
    },
    /// The time was over before the server had answered.
    #[error("time ran out before {server} answered a question about job {job}")]
    Unanswered {
        /// Which job.
        job: JobId,
        /// Who was asked.
        server: String,
    },
    /// The upload of the job was interrupted.
    #[error("job {0} is encrypted but not on the server yet: its upload was interrupted")]
    NotUploaded(JobId),
    /// The job exists, but its dataset did not get to the server.
    #[error("job {job} is encrypted, but its upload was not completed")]
    Upload {
        /// Which job.
        job: JobId,
        /// Why.
        source: TransferError,
    },
    /// The dataset is on the server already.
    #[error("job {0} is on the server already")]
    AlreadyUploaded(JobId),
    /// The server reports that it failed.
    #[error("the server could not compute job {job}: {reason}")]
    Failed {
        /// Which job.
        job: JobId,
        /// What the server says.
        reason: String,
    },
    /// The server has neither dataset nor answer.
    #[error("the server at {location} knows nothing of job {job}")]
    Vanished {
        /// Which job.
        job: JobId,
        /// Which server.
        location: String,
    },
    /// The answer was cut or altered on its way.
    #[error("the answer to job {job} arrived damaged")]
    Damaged {
        /// Which job.
        job: JobId,
        /// How.
        source: PackageError,
    },
    /// The answer is not the only right one. Nothing of it was decrypted.
    #[error("the server's answer to job {0} is not the sum of what was uploaded; nothing of it was decrypted")]
    Refused(JobId),
    /// The system gives no thread.
    #[error(transparent)]
    Threads(#[from] ThreadStartError),
    /// What went wrong with the answer in `hestat run`, which keeps nothing.
    #[error(transparent)]
    InRun(Box<PipelineError>),
    /// The table to compare with lacks a column of the encrypted one.
    #[error("{table} has no column {column:?}, so it is not the table that was encrypted")]
    OtherTable {
        /// The table given.
        table: String,
        /// The column.
        column: String,
    },
    /// The server's secrets lie where clients can read.
    #[error("the server's {secret} lies below its data {data}, where clients could read it")]
    SecretInData {
        /// The file or directory.
        secret: String,
        /// The data.
        data: String,
    },
    /// Some jobs failed.
    #[error("{failed} of {total} jobs failed")]
    SomeFailed {
        /// How many.
        failed: usize,
        /// Of how many.
        total: usize,
    },
    /// Work was stopped.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl PipelineError {
    /// For `map_err`: an error of the system at `place`.
    pub(super) fn file(place: impl std::fmt::Display) -> impl Fn(std::io::Error) -> Self {
        let place = place.to_string();
        move |source| Self::File { place: place.clone(), source }
    }
}
