//! Where things lie on the server.

use crate::package::JobId;

/// Datasets, a folder for each job.
pub const INBOX: &str = "inbox";
/// Answers, a folder for each job.
pub const OUTBOX: &str = "outbox";
/// A dataset in its folder.
pub const DATASET: &str = "dataset.hes";
/// The totals in their folder.
pub const TOTALS: &str = "totals.hes";
/// The server's word on a job, beside the totals.
pub const STATUS: &str = "status.json";

/// The folder of a job's dataset.
pub fn inbox(job: JobId) -> String {
    format!("{INBOX}/{job}")
}

/// The folder of a job's answer.
pub fn outbox(job: JobId) -> String {
    format!("{OUTBOX}/{job}")
}
