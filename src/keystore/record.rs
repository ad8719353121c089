//! A job's record: everything the client stores about it except the secrets.

use serde::{Deserialize, Serialize};

use crate::package::{Digest, JobId};

/// The phase of a job on the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// The dataset is encrypted, but not or not completely uploaded.
    Spooled,
    /// The dataset is on the server; the totals are not decrypted yet.
    Uploaded,
    /// The totals were decrypted at least once.
    Decrypted,
}

/// The content of `job.json`, except the format version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    /// The job ID.
    pub job: JobId,
    /// Time of creation, in milliseconds since the Unix epoch (UTC).
    pub created: u64,
    /// URL of the job's server.
    pub server: String,
    /// Digest of the dataset file.
    pub dataset: Digest,
    /// Length of the dataset file, in bytes.
    pub dataset_bytes: u64,
    /// Rows of the table.
    pub rows: u64,
    /// Number of encrypted columns.
    pub columns: usize,
    /// Slots per row.
    pub slots: usize,
    /// Whether the secrets are encrypted with a passphrase.
    pub protected: bool,
    /// The phase of the job.
    #[serde(flatten)]
    pub phase: Phase,
}
