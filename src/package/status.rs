//! `status.json`: the server's report on a job. The client does not trust it: it drives the progress display and can
//! end the wait for the totals, but it never decides which totals are accepted.

use std::io;

use serde::{Deserialize, Serialize};

use super::header::JobId;

/// Maximum length of a status file, in bytes. Clients ignore longer ones.
pub const MAX_STATUS_BYTES: u64 = 1 << 14;

/// State of a job on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum JobState {
    /// The dataset is uploaded; its totals are not being computed yet.
    Queued,
    /// Blocks are being added up.
    Computing {
        /// Blocks added so far.
        done: u64,
        /// Total number of blocks.
        blocks: u64,
    },
    /// The totals are available.
    Done,
    /// The computation failed.
    Failed {
        /// Why it failed. For the client, this is untrusted text of any length up to [`MAX_STATUS_BYTES`].
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
    /// Time of writing, in milliseconds since the Unix epoch (UTC); for people who read the file.
    pub time: u64,
}

impl Status {
    /// Returns the content of the file.
    ///
    /// # Errors
    /// Infallible in practice: every status is valid JSON.
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
