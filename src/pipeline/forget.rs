//! Forgets a job: destroys its secrets and removes its files on the server.

use super::error::PipelineError;
use super::paths;
use super::server_location::server_location;
use crate::foundation::observer::Observer;
use crate::keystore::{JobRecord, KeyStore, KeyStoreError};
use crate::package::JobId;
use crate::transfer::{Connector, TransferError};

/// Whether the files of a forgotten job were removed from the server.
#[derive(Debug)]
pub enum ServerCleanup {
    /// They do not exist any more.
    Done,
    /// They may still exist.
    Failed(PipelineError),
}

/// Destroys a job's local secrets, then removes its files on the server.
///
/// # Errors
/// [`PipelineError::KeyStore`] if the secrets cannot be destroyed. A failure on the server is not an error but a
/// [`ServerCleanup::Failed`]: without the key, the files there are useless.
pub fn forget(
    store: &KeyStore,
    job: JobId,
    connector: &Connector,
    observer: Observer<'_>,
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

/// Removes the files of a job on its server.
pub(super) fn clean_server(
    record: &JobRecord,
    connector: &Connector,
    observer: Observer<'_>,
) -> Result<(), PipelineError> {
    let server = connector.connect(&server_location(record)?, observer)?;
    let (inbox, outbox) = (paths::inbox(record.job), paths::outbox(record.job));
    server.remove_directory(&inbox)?;
    server.remove_directory(&outbox)?;
    // Some servers give the same reply for a file that may not be removed as for one that does not exist.
    for path in [format!("{inbox}/{}", paths::DATASET), format!("{outbox}/{}", paths::TOTALS)] {
        if server.size(&path)?.is_some() {
            return Err(TransferError::Denied { path, reason: "it was not removed".into() }.into());
        }
    }
    Ok(())
}
