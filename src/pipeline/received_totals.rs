//! The totals file as received from the server: downloaded completely, compared with the digest of the only correct
//! one, and then decrypted.

use std::fs::File;
use std::io::{BufReader, Seek};

use zeroize::Zeroizing;

use super::error::PipelineError;
use super::paths;
use super::stages::DOWNLOADING;
use crate::foundation::observer::Observer;
use crate::he::{Decryptor, Layout};
use crate::keystore::{Job, JobSecrets};
use crate::package::{AcceptedTotals, JobId, PackageError, TotalsHeader};
use crate::transfer::{RemoteStore, TransferError};

/// A file that the server sent as the totals; not verified yet.
pub(super) struct ReceivedTotals {
    file: File,
    length: u64,
}

/// Downloads the totals, which exist on the server. Their length is known in advance, and no more bytes are read.
pub(super) fn fetch(
    job: &Job,
    server: &dyn RemoteStore,
    observer: Observer<'_>,
) -> Result<ReceivedTotals, PipelineError> {
    let record = job.record();
    let layout = Layout::new(record.rows, record.slots)?;
    let damaged = |source| PipelineError::Damaged { job: record.job, source };
    let limit = TotalsHeader::new(record.job, record.dataset, &layout).file_bytes().map_err(damaged)?;
    let name = format!("{}/{}", paths::outbox(record.job), paths::TOTALS);
    let mut file = job.scratch()?;
    observer.begin(DOWNLOADING, limit);
    let length = server.get(&name, limit, &mut file, observer);
    observer.end();
    match length {
        Err(TransferError::TooLarge { .. }) => Err(PipelineError::WrongTotals(record.job)),
        length => Ok(ReceivedTotals { file, length: length? }),
    }
}

/// Verifies and decrypts the totals of all slots. Only totals that the client has computed itself are decrypted, so a
/// server learns nothing from the outcome.
pub(super) fn decrypt(
    job: JobId,
    secrets: &JobSecrets,
    received: ReceivedTotals,
) -> Result<Zeroizing<Vec<u128>>, PipelineError> {
    let ReceivedTotals { mut file, length } = received;
    file.rewind().map_err(PipelineError::file("the downloaded totals"))?;
    let totals = AcceptedTotals::open(BufReader::new(file), length, secrets.totals);
    let mut totals = totals.map_err(|error| match error {
        PackageError::TotalsMismatch => PipelineError::WrongTotals(job),
        source => PipelineError::Damaged { job, source },
    })?;
    let layout = totals.layout().clone();
    let mut decryptor = Decryptor::new(&secrets.key, &layout);
    for _ in 0..layout.segments() {
        let segment = totals.read_segment().map_err(|source| PipelineError::Damaged { job, source })?;
        decryptor.add_segment(&segment)?;
    }
    Ok(decryptor.finish()?)
}
