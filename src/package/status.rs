//! `status.json`: the server's report on a job. It is advisory: no decision about the result depends on it.

use std::io;

use serde::{Deserialize, Serialize};

use super::header::JobId;

/// Maximum size of a status file, in bytes; longer ones are ignored.
pub const MAX_STATUS: u64 = 1 << 14;

/// State of a job on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum JobState {
    /// The dataset is uploaded and waits to be computed.
    Queued,
    /// Blocks are being added up.
    Computing {
        /// Blocks added so far.
        done: u64,
        /// Blocks of the dataset.
        blocks: u64,
    },
    /// The totals are available.
    Done,
    /// The computation failed.
    Failed {
        /// Error message.
        reason: String,
    },
}

/// The content of `status.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The job.
    pub job: JobId,
    /// Its state.
    #[serde(flatten)]
    pub state: JobState,
    /// Time of writing, in milliseconds since 1970.
    pub time: u64,
}

impl Status {
    /// Returns the content of the file.
    ///
    /// # Errors
    /// [`io::Error`] if the status cannot be written as JSON.
    pub fn to_json(&self) -> io::Result<Vec<u8>> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        Ok(json)
    }

    /// Parses the content of a file; `None` if it is not a valid status.
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
