//! Where things lie on the server.

use crate::package::JobId;

/// Datasets, a folder for each job.
pub(super) const INBOX: &str = "inbox";
/// Answers, a folder for each job.
pub(super) const OUTBOX: &str = "outbox";
/// How the folders begin in the inbox in which a ping tries to write.
pub(super) const PROBES: &str = "ping-";
/// A dataset in its folder.
pub(super) const DATASET: &str = "dataset.hes";
/// The totals in their folder.
pub(super) const TOTALS: &str = "totals.hes";
/// The server's word on a job, beside the totals.
pub(super) const STATUS: &str = "status.json";

/// Records of computations that have begun; clients of our own server know no such name.
pub(super) const ATTEMPTS: &str = ".hestat-attempts";

/// The folder of a job's dataset.
pub(super) fn inbox(job: JobId) -> String {
    format!("{INBOX}/{job}")
}

/// The folder of a job's answer.
pub(super) fn outbox(job: JobId) -> String {
    format!("{OUTBOX}/{job}")
}
