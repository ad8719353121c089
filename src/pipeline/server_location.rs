//! The server of a stored job.

use super::error::PipelineError;
use crate::keystore::{JobRecord, KeyStoreError};
use crate::transfer::Location;
use crate::transfer::location::ParseLocationError;

/// Parses the server's URL in a job's record.
pub(super) fn server_location(record: &JobRecord) -> Result<Location, PipelineError> {
    let damaged =
        |error: ParseLocationError| KeyStoreError::DamagedRecord { job: record.job, reason: error.to_string() };
    Ok(record.server.parse().map_err(damaged)?)
}
