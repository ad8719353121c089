//! What the server says of a job, as a small JSON file. Advice only: nothing that matters is believed because of it.

use serde::{Deserialize, Serialize};

use super::header::JobId;

/// The most bytes of a status that are read.
pub const MAX_STATUS: u64 = 1 << 14;

/// How far a job is on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum JobState {
    /// The dataset is there, and waits.
    Queued,
    /// Blocks are being added.
    Computing {
        /// Added so far.
        done: u64,
        /// Of how many.
        blocks: u64,
    },
    /// The totals are there.
    Done,
    /// It will not come to anything.
    Failed {
        /// Why.
        reason: String,
    },
}

/// The content of `status.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Which job.
    pub job: JobId,
    /// How far.
    #[serde(flatten)]
    pub state: JobState,
    /// When this was written, in milliseconds since 1970.
    pub time: u64,
}

impl Status {
    /// The file's bytes.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }

    /// What these bytes say; `None` if it is nothing that can be understood.
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
