//! File and directory names on the server.

use crate::package::JobId;

/// Directory of datasets, with a subdirectory for each job.
pub(super) const INBOX: &str = "inbox";
/// Directory of totals, with a subdirectory for each job.
pub(super) const OUTBOX: &str = "outbox";
/// Prefix of the directories in the inbox to which a ping writes.
pub(super) const PROBES: &str = "ping-";
/// File name of a dataset.
pub(super) const DATASET: &str = "dataset.hes";
/// File name of the totals.
pub(super) const TOTALS: &str = "totals.hes";
/// File name of a job's status, beside the totals.
pub(super) const STATUS: &str = "status.json";

/// Directory of records of running computations. `hestat serve` hides it from clients.
pub(super) const ATTEMPTS: &str = ".hestat-attempts";

/// Returns the directory of a job's dataset.
pub(super) fn inbox(job: JobId) -> String {
    format!("{INBOX}/{job}")
}

/// Returns the directory of a job's totals.
pub(super) fn outbox(job: JobId) -> String {
    format!("{OUTBOX}/{job}")
}
