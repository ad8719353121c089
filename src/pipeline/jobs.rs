//! What is in flight, and an end to it.

use super::error::PipelineError;
use super::init::location;
use super::names;
use crate::keystore::{JobRecord, KeyStore, KeyStoreError};
use crate::package::JobId;
use crate::transfer;

/// What became of a forgotten job's files on the server.
#[derive(Debug)]
pub enum Cleaned {
    /// They are gone.
    Server,
    /// They may still be there.
    NotServer(PipelineError),
}

/// Destroys a job's secrets here, then removes its files on the server.
///
/// # Errors
/// [`PipelineError::KeyStore`] if the secrets cannot be destroyed. A server that cannot be reached is no error: without
/// the key its files are noise.
pub fn forget(store: &KeyStore, job: JobId) -> Result<Cleaned, PipelineError> {
    let record = match store.open(job) {
        Ok(job) => Ok(job.record().clone()),
        Err(error @ KeyStoreError::DamagedRecord { .. }) => Err(error),
        Err(error) => return Err(error.into()),
    };
    store.forget(job)?;
    let cleaned = record.map_err(PipelineError::from).and_then(|record| clean_server(&record));
    Ok(cleaned.map_or_else(Cleaned::NotServer, |()| Cleaned::Server))
}

fn clean_server(record: &JobRecord) -> Result<(), PipelineError> {
    let server = transfer::connect(&location(record)?)?;
    server.remove_folder(&names::inbox(record.job))?;
    Ok(server.remove_folder(&names::outbox(record.job))?)
}
