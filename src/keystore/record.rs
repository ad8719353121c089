//! What is remembered of a job besides its secrets.

use serde::{Deserialize, Serialize};

use crate::package::{Digest, JobId};

/// How far a job is, as its owner sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// Encrypted, not yet on the server.
    Spooled,
    /// On the server.
    Uploaded,
    /// Its result was decrypted.
    Decrypted,
}

/// The content of `job.json`, beside the version of its format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    /// The job's name.
    pub job: JobId,
    /// When it was made, in milliseconds since 1970.
    pub created: u64,
    /// Its server's address.
    pub server: String,
    /// Digest of the dataset file.
    pub dataset: Digest,
    /// Bytes of the dataset file.
    pub dataset_bytes: u64,
    /// Rows of the table.
    pub rows: u64,
    /// Columns of numbers.
    pub columns: usize,
    /// Slots per row.
    pub slots: usize,
    /// Whether a passphrase is needed.
    pub protected: bool,
    /// How far it is.
    #[serde(flatten)]
    pub phase: Phase,
}
