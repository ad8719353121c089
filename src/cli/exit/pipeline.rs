//! Statistics on encrypted columns.

use super::codes::{CANCELLED, DAMAGED, FAILED, LOCAL, NOT_READY, REFUSED, SERVER, TABLE, TIMEOUT, USAGE};
use super::{Explain, MORE_THREADS, transfer};
use crate::foundation::observer::Cancelled;
use crate::package::PackageError;
use crate::pipeline::PipelineError;
use crate::table::TableError;

impl Explain for PipelineError {
    fn explain(&self) -> (u8, Option<String>) {
        let say = |text: &str| Some(text.to_owned());
        match self {
            PipelineError::Table(TableError::Cancelled(Cancelled)) | PipelineError::Cancelled(Cancelled) => {
                (CANCELLED, None)
            }
            PipelineError::Table(error) => (TABLE, Some(error.remedy())),
            PipelineError::Encryption(_) => (TABLE, say("Encrypt fewer columns at once (--columns).")),
            PipelineError::KeyStore(error) => error.explain(),
            PipelineError::Transfer(error) => error.explain(),
            PipelineError::Randomness(_) => (LOCAL, None),
            PipelineError::Package { source, .. } if source.is_io() => {
                (LOCAL, say("Make room, or check the permissions, and run the command again."))
            }
            PipelineError::Package { source: PackageError::Version { .. }, .. } => {
                (DAMAGED, say("Use a version of hestat that reads it, or encrypt the data again with this one."))
            }
            PipelineError::Package { .. } => (DAMAGED, say("Get the file again from where it was made.")),
            PipelineError::File { .. } => {
                (LOCAL, say("Check the path, its permissions and the free space on its disk."))
            }
            PipelineError::NoRoom { .. } => {
                (LOCAL, say("Make room, or choose another disk with --state (or TMPDIR for hestat run)."))
            }
            PipelineError::NotReady { .. } => {
                (NOT_READY, say("Run hestat compute on the server, or wait for it with hestat result --wait."))
            }
            PipelineError::Cut { job, .. } | PipelineError::Unanswered { job, .. } => {
                (TIMEOUT, Some(format!("Give it more time: hestat result {job} --wait --timeout SECONDS")))
            }
            PipelineError::NotUploaded(job) => (NOT_READY, Some(format!("Go on with: hestat init --resume {job}"))),
            PipelineError::Upload { job, source } => {
                let remedy = transfer::remedy(source).map(|remedy| format!("{remedy}\n")).unwrap_or_default();
                (source.explain().0, Some(format!("{remedy}Then go on with: hestat init --resume {job}")))
            }
            PipelineError::AlreadyUploaded(job) => (NOT_READY, Some(format!("Go on with: hestat result {job}"))),
            PipelineError::Failed { .. } => (
                FAILED,
                say(
                    "Remove the cause on the server and compute again there, or encrypt the data again with hestat init.",
                ),
            ),
            PipelineError::Vanished { .. } => (
                SERVER,
                say("Check that the server is the one the job was uploaded to; if its files are lost, encrypt again."),
            ),
            PipelineError::Damaged { .. } => (
                DAMAGED,
                say(
                    "Nothing was decrypted. Run hestat result again; if it is damaged again, it is so on the server: encrypt the data again with hestat init.",
                ),
            ),
            PipelineError::Threads(_) => (LOCAL, say(MORE_THREADS)),
            PipelineError::InRun(error) => {
                let trust =
                    if matches!(**error, PipelineError::Refused(_)) { "Do not trust this server. " } else { "" };
                let (code, _) = error.explain();
                (code, Some(format!("{trust}Nothing is kept of this run, here or there; run the command again.")))
            }
            PipelineError::Refused(_) => (
                REFUSED,
                say("Do not trust this server. The job is kept: a correct answer that comes later is accepted."),
            ),
            PipelineError::OtherTable { .. } => (
                TABLE,
                say("Give --check the CSV file that was encrypted; the decrypted statistics are written already."),
            ),
            PipelineError::SecretInData { .. } => {
                (USAGE, say("Keep it elsewhere (--server-state, --password-file, --certificate-key)."))
            }
            PipelineError::SomeFailed { .. } => (FAILED, say("Their reasons are above and in each job's status.json.")),
        }
    }
}
