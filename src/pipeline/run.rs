//! All steps in one process, through a temporary directory: the same code as the separate commands.

use std::fs;

use super::check::check;
use super::compute::{ComputeRequest, Outcome, compute};
use super::error::PipelineError;
use super::init::{InitRequest, init};
use super::result::{Decrypted, ResultRequest, result};
use crate::foundation::clock::Clock;
use crate::foundation::observer::Observer;
use crate::keystore::KeyStore;
use crate::statistics::{Comparison, Statistic};
use crate::table::{CsvSource, Dialect, Selection};
use crate::transfer::Location;

/// What to run the whole job on.
pub struct RunRequest {
    /// The table.
    pub source: CsvSource,
    /// How it is written.
    pub dialect: Dialect,
    /// Which of its columns.
    pub selection: Selection,
    /// Which figures are wanted.
    pub statistics: Vec<&'static dyn Statistic>,
    /// Whether to compare with the clear data.
    pub check: bool,
}

/// Encrypts, computes and decrypts; keys and ciphertext are gone when it returns.
///
/// # Errors
/// [`PipelineError`] of whichever step failed.
pub fn run(
    request: RunRequest,
    clock: &dyn Clock,
    observer: &dyn Observer,
) -> Result<(Decrypted, Option<Comparison>), PipelineError> {
    let place = std::env::temp_dir();
    let directory =
        tempfile::Builder::new().prefix("hestat-run-").tempdir().map_err(PipelineError::file(place.display()))?;
    let (state, data) = (directory.path().join("client"), directory.path().join("server"));
    fs::create_dir(&data).map_err(PipelineError::file(data.display()))?;
    let store = KeyStore::new(state);
    let server = Location::Directory(data.clone());
    let RunRequest { source, dialect, selection, statistics, check: compare } = request;
    let request = InitRequest { source, dialect, selection, statistics, server, passphrase: None };
    let job = init(&request, &store, clock, observer)?.record.job;
    for (job, outcome) in compute(&ComputeRequest { data, keep: false }, clock, observer)? {
        if let Outcome::Failed { reason, .. } = outcome {
            return Err(PipelineError::Failed { job, reason });
        }
    }
    let decrypted = result(&ResultRequest { job, passphrase: None, wait: None }, &store, clock, observer)?;
    let comparison = compare.then(|| check(&decrypted, &request.source, observer)).transpose()?;
    Ok((decrypted, comparison))
}
