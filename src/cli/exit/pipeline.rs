//! Exit codes and next steps for errors of the pipeline.

use super::codes::{CANCELLED, DAMAGED, FAILED, LOCAL, NOT_READY, REFUSED, SERVER, TABLE, TIMEOUT, USAGE};
use super::{Explain, MORE_THREADS, transfer};
use crate::foundation::observer::Cancelled;
use crate::package::PackageError;
use crate::pipeline::PipelineError;

impl Explain for PipelineError {
    fn explain(&self) -> (u8, Option<String>) {
        let step = |text: &str| Some(text.to_owned());
        match self {
            PipelineError::Cancelled(Cancelled) => (CANCELLED, None),
            PipelineError::Table(error) => error.explain(),
            PipelineError::Encryption(_) => (TABLE, step("Encrypt fewer columns at once (--columns).")),
            PipelineError::KeyStore(error) => error.explain(),
            PipelineError::Transfer(error) => error.explain(),
            PipelineError::Randomness(_) => (LOCAL, None),
            PipelineError::Package { source, .. } if source.is_io() => {
                (LOCAL, step("Free some disk space or check the permissions, and run the command again."))
            }
            PipelineError::Package { source: PackageError::Version { .. }, .. } => {
                (DAMAGED, step("Use a version of hestat that reads it, or encrypt the data again with this one."))
            }
            PipelineError::Package { .. } => (DAMAGED, step("Get the file again from its source.")),
            PipelineError::File { .. } => {
                (LOCAL, step("Check the path, its permissions and the free space on its disk."))
            }
            PipelineError::InsufficientSpace { .. } => {
                (LOCAL, step("Free some disk space, or use another disk with --state (or TMPDIR for hestat run)."))
            }
            PipelineError::NotReady { job, .. } => (
                NOT_READY,
                Some(format!("Run hestat compute on the server, or wait for it with: hestat result --wait {job}")),
            ),
            PipelineError::DownloadTimeout { job, .. } | PipelineError::ReplyTimeout { job, .. } => {
                (TIMEOUT, Some(format!("Allow more time: hestat result {job} --wait --timeout SECONDS")))
            }
            PipelineError::NotUploaded(job) => (NOT_READY, Some(format!("Continue with: hestat init --resume {job}"))),
            PipelineError::Upload { job, source } => {
                let first = transfer::next_step(source).map(|step| format!("{step}\n")).unwrap_or_default();
                (source.explain().0, Some(format!("{first}Then continue with: hestat init --resume {job}")))
            }
            PipelineError::AlreadyUploaded(job) => (NOT_READY, Some(format!("Continue with: hestat result {job}"))),
            PipelineError::Failed { .. } => (
                FAILED,
                step(
                    "Fix the cause on the server and compute again there (hestat compute --retry if the dataset is \
                     quarantined), or encrypt the data again with hestat init.",
                ),
            ),
            PipelineError::NotOnServer { .. } => (
                SERVER,
                step(
                    "Check that the server is the one the job was uploaded to. If its files are lost, encrypt the data \
                     again.",
                ),
            ),
            PipelineError::Damaged { job, .. } => (
                DAMAGED,
                Some(format!(
                    "Nothing was decrypted. Run hestat result {job} again. If the totals are damaged again, they are \
                     damaged on the server: encrypt the data again with hestat init."
                )),
            ),
            PipelineError::Threads(_) => (LOCAL, step(MORE_THREADS)),
            PipelineError::InRun(error) => {
                let trust =
                    if matches!(**error, PipelineError::WrongTotals(_)) { "Do not trust this server. " } else { "" };
                let (code, _) = error.explain();
                (
                    code,
                    Some(format!("{trust}Nothing of this run was kept, here or on the server. Run the command again.")),
                )
            }
            PipelineError::WrongTotals(_) => {
                (REFUSED, step("Do not trust this server. The job is kept: correct totals are still accepted later."))
            }
            PipelineError::TableMismatch { .. } => (
                TABLE,
                step("Give --check the CSV file that was encrypted. The decrypted statistics are already written."),
            ),
            PipelineError::SecretInData { .. } => {
                (USAGE, step("Keep it elsewhere (--server-state, --password-file, --certificate-key)."))
            }
            PipelineError::DirectoryReplaced { .. } => {
                (LOCAL, step("Start hestat serve again to serve the new directory."))
            }
            PipelineError::SomeFailed { .. } => (
                FAILED,
                step(
                    "The reasons are above and in each job's status.json. To compute quarantined datasets again, use \
                     hestat compute --retry.",
                ),
            ),
        }
    }
}
