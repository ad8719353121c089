//! For each error, the exit code and the next step for the user; for each notice about a table, the option that changes
//! it. The library states facts only, so every next step is here.

pub(super) mod codes;
mod fog;
mod key_store;
mod ownership;
mod pipeline;
mod table;
mod transfer;
mod wire;

use std::error::Error;
use std::io;
use std::process::ExitCode;

use self::codes::{LOCAL, USAGE};
pub(super) use self::table::describe_notice;
use super::console::Console;
use crate::foundation::ownership::OwnershipError;
use crate::foundation::threads::ThreadStartError;
use crate::keystore::KeyStoreError;
use crate::pipeline::PipelineError;
use crate::scenarios::fog::FogError;
use crate::wire::WireError;

/// The next step if threads cannot be started.
const MORE_THREADS: &str =
    "Raise the limits on memory or threads (ulimit -v, -u), or set RAYON_NUM_THREADS to a smaller number.";

/// Invalid arguments that clap cannot detect. The message says what is wrong and how to correct it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Usage(pub(super) String);

/// Returns the exit code of a command, after printing its error if it failed.
pub(super) fn code(outcome: anyhow::Result<u8>, console: &Console) -> ExitCode {
    let error = match outcome {
        Ok(code) => return code.into(),
        Err(error) => error,
    };
    // The reader of a pipe has closed it: it needs no more output.
    if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    let (code, next_step) = explain(&error);
    console.error(&error, next_step.as_deref());
    code.into()
}

/// Returns the next step for the user after an error, if there is one.
pub(super) fn next_step(error: &anyhow::Error) -> Option<String> {
    explain(error).1
}

/// An error with an exit code.
trait Explain {
    /// Returns the exit code, and the next step for the user if there is one.
    fn explain(&self) -> (u8, Option<String>);
}

fn explain(error: &anyhow::Error) -> (u8, Option<String>) {
    if let Some(error) = error.chain().filter_map(<dyn Error>::downcast_ref).find_map(OwnershipError::inside) {
        return error.explain();
    }
    let known: [Option<&dyn Explain>; 4] = [
        error.downcast_ref::<PipelineError>().map(|error| error as _),
        error.downcast_ref::<FogError>().map(|error| error as _),
        error.downcast_ref::<WireError>().map(|error| error as _),
        error.downcast_ref::<KeyStoreError>().map(|error| error as _),
    ];
    if let Some(error) = known.into_iter().flatten().next() {
        return error.explain();
    }
    if error.is::<ThreadStartError>() {
        return (LOCAL, Some(MORE_THREADS.into()));
    }
    match error.downcast_ref::<Usage>() {
        Some(_) => (USAGE, Some("See --help.".into())),
        None => (LOCAL, None),
    }
}
