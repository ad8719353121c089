//! What is in flight, and an end to it.

use super::error::PipelineError;
use super::init::location;
use super::paths;
use crate::foundation::observer::Observer;
use crate::keystore::{JobRecord, KeyStore, KeyStoreError};
use crate::package::JobId;
use crate::transfer::{Connector, TransferError};

/// What became of a forgotten job's files on the server.
#[derive(Debug)]
pub enum ServerCleanup {
    /// They are gone.
    Done,
    /// They may still be there.
    Failed(PipelineError),
}

/// Destroys a job's secrets here, then removes its files on the server.
///
/// # Errors
/// [`PipelineError::KeyStore`] if the secrets cannot be destroyed. A server that cannot be reached is no error: without
/// the key its files are noise.
pub fn forget(
    store: &KeyStore,
    job: JobId,
    connector: &Connector,
    observer: &dyn Observer,
) -> Result<ServerCleanup, PipelineError> {
    let record = match store.open(job) {
        Ok(job) => Ok(job.record().clone()),
        Err(error @ (KeyStoreError::DamagedRecord { .. } | KeyStoreError::OtherVersion { .. })) => Err(error),
        Err(error) => return Err(error.into()),
    };
    store.forget(job)?;
    let cleaned = record.map_err(PipelineError::from).and_then(|record| clean_server(&record, connector, observer));
    Ok(cleaned.map_or_else(ServerCleanup::Failed, |()| ServerCleanup::Done))
}

pub(super) fn clean_server(
    record: &JobRecord,
    connector: &Connector,
    observer: &dyn Observer,
) -> Result<(), PipelineError> {
    let server = connector.connect(&location(record)?, observer)?;
    let (inbox, outbox) = (paths::inbox(record.job), paths::outbox(record.job));
    server.remove_directory(&inbox)?;
    server.remove_directory(&outbox)?;
    // A server that does not let us may say the same as one where there is nothing.
    for path in [format!("{inbox}/{}", paths::DATASET), format!("{outbox}/{}", paths::TOTALS)] {
        if server.size(&path)?.is_some() {
            return Err(TransferError::Denied { path, reason: "it was not removed".into() }.into());
        }
    }
    Ok(())
}
