//! How a command ends: a code, and for errors what happened and what to do next.

use std::io;
use std::process::ExitCode;

use super::console::Console;
use crate::foundation::observer::Stopped;
use crate::keystore::KeyStoreError;
use crate::pipeline::PipelineError;
use crate::table::TableError;
use crate::transfer::TransferError;

/// The statistics are not those of the clear data.
pub(super) const DIFFERENT: u8 = 1;
/// The arguments do not go together; clap's own code for it.
const USAGE: u8 = 2;
const TABLE: u8 = 3;
const NOT_READY: u8 = 4;
const JOB: u8 = 5;
const SERVER: u8 = 6;
const REFUSED: u8 = 7;
const LOCAL: u8 = 8;
const DAMAGED: u8 = 9;
const FAILED: u8 = 10;
const STOPPED: u8 = 130;

/// Arguments that do not go together, in words that say how they would.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Usage(pub(super) String);

/// Prints what went wrong, if anything, and gives the exit code.
pub(super) fn code(outcome: anyhow::Result<u8>, console: &Console) -> ExitCode {
    let error = match outcome {
        Ok(code) => return code.into(),
        Err(error) => error,
    };
    // Whoever reads our output has seen enough of it.
    if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    let (code, next) = classify(&error);
    console.error(&error, next.as_deref());
    code.into()
}

fn classify(error: &anyhow::Error) -> (u8, Option<String>) {
    let say = |text: &str| Some(text.to_owned());
    if let Some(error) = error.downcast_ref::<PipelineError>() {
        return pipeline(error);
    }
    match error.downcast_ref::<Usage>() {
        Some(_) => (USAGE, say("See --help.")),
        None => (LOCAL, None),
    }
}

fn pipeline(error: &PipelineError) -> (u8, Option<String>) {
    let say = |text: &str| Some(text.to_owned());
    match error {
        PipelineError::Table(TableError::Stopped(Stopped)) | PipelineError::Stopped(Stopped) => (STOPPED, None),
        PipelineError::Table(error) => (TABLE, Some(error.remedy())),
        PipelineError::Encryption(_) => (TABLE, say("Encrypt fewer columns at once (--columns).")),
        PipelineError::KeyStore(error) => key_store(error),
        PipelineError::Transfer(error) => transfer(error),
        PipelineError::Randomness(_) => (LOCAL, None),
        PipelineError::Package { source, .. } if source.is_io() => {
            (LOCAL, say("Make room, or check the permissions, and run the command again."))
        }
        PipelineError::Package { .. } => (DAMAGED, say("Get the file again from where it was made.")),
        PipelineError::File { .. } => (LOCAL, say("Check the path, its permissions and the room on its disk.")),
        PipelineError::NoRoom { .. } => {
            (LOCAL, say("Make room, or choose another disk with --state (or TMPDIR for hestat run)."))
        }
        PipelineError::NotReady { .. } => {
            (NOT_READY, say("Run hestat compute on the server, or wait for it with hestat result --wait."))
        }
        PipelineError::NotUploaded(job) => (NOT_READY, Some(format!("Go on with: hestat init --resume {job}"))),
        PipelineError::Upload { job, source } => {
            (transfer(source).0, Some(format!("Mend the cause, then go on with: hestat init --resume {job}")))
        }
        PipelineError::AlreadyUploaded(job) => (NOT_READY, Some(format!("Go on with: hestat result {job}"))),
        PipelineError::Failed { .. } => {
            (FAILED, say("Mend the cause on the server and compute again, or encrypt the data again with hestat init."))
        }
        PipelineError::Vanished { .. } => (
            SERVER,
            say("Check that the server is the one the job was uploaded to; if its files are lost, encrypt again."),
        ),
        PipelineError::Damaged { .. } => (DAMAGED, say("Run hestat result again; nothing was decrypted.")),
        PipelineError::Refused(_) => {
            (REFUSED, say("Do not trust this server; encrypt the data again with hestat init for another one."))
        }
        PipelineError::OtherTable { .. } => {
            (TABLE, say("Give --check the CSV file that was encrypted; the decrypted statistics are written already."))
        }
        PipelineError::SomeFailed { .. } => (FAILED, say("Their reasons are above and in each job's status.json.")),
    }
}

fn key_store(error: &KeyStoreError) -> (u8, Option<String>) {
    let say = |text: &str| Some(text.to_owned());
    let next = match error {
        KeyStoreError::Io { .. } => {
            return (LOCAL, say("Check the permissions of the state directory and the room on its disk."));
        }
        KeyStoreError::NoJobs { .. } => say("Make one with hestat init, or name the right state with --state."),
        KeyStoreError::Unknown { .. } | KeyStoreError::Ambiguous { .. } => {
            say("hestat jobs lists the names of all jobs.")
        }
        KeyStoreError::Forgotten(_) => say("Encrypt the data again with hestat init."),
        KeyStoreError::LostKey { job, .. } => {
            Some(format!("Clean up with hestat forget {job}, and encrypt the data again with hestat init."))
        }
        KeyStoreError::DamagedRecord { job, .. } => Some(format!("Clean up with: hestat forget {job}")),
        KeyStoreError::Busy(_) => say("Wait for the other command to end."),
        KeyStoreError::PassphraseNeeded(_) => {
            say("Give it with --passphrase-file, or on a terminal with --passphrase.")
        }
        KeyStoreError::WrongPassphrase(_) | KeyStoreError::Seal(_) => say("Try again with the right passphrase."),
    };
    (JOB, next)
}

fn transfer(error: &TransferError) -> (u8, Option<String>) {
    let say = |text: &str| Some(text.to_owned());
    match error {
        TransferError::Stopped(Stopped) => (STOPPED, None),
        TransferError::Local { .. } => (LOCAL, say("Check the path, its permissions and the room on its disk.")),
        TransferError::Unreachable { .. } => (SERVER, say("Check the address given with --server.")),
        TransferError::ServerFull { .. } => (SERVER, say("Make room there, and run the command again.")),
        TransferError::Denied { .. } => (SERVER, say("Have the server's owner give you access to its directory.")),
        TransferError::TooLarge { .. } => (SERVER, say("The server's files are not those of a hestat server.")),
        TransferError::Server { .. } | TransferError::Incomplete { .. } => (SERVER, say("Run the command again.")),
    }
}
