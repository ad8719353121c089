//! The server's answer: fetched whole, compared with the only right one, and only then decrypted.

use std::fs::File;
use std::io::{BufReader, Seek};

use zeroize::Zeroizing;

use super::error::PipelineError;
use super::paths;
use crate::foundation::observer::{Observer, Stage};
use crate::he::{Decryptor, Layout};
use crate::keystore::{Job, JobSecrets};
use crate::package::{AcceptedTotals, JobId, PackageError, TotalsHeader};
use crate::transfer::{RemoteStore, TransferError};

/// What a server sent in place of the totals: nothing is known of it yet.
pub(super) struct ReceivedTotals {
    file: File,
    length: u64,
}

/// Fetches the totals, which are known to be there. The length of the right ones is known: more is not even read.
pub(super) fn fetch(
    job: &Job,
    server: &dyn RemoteStore,
    observer: &dyn Observer,
) -> Result<ReceivedTotals, PipelineError> {
    let record = job.record();
    let layout = Layout::new(record.rows, record.slots)?;
    let damaged = |source| PipelineError::Damaged { job: record.job, source };
    let limit = TotalsHeader::new(record.job, record.dataset, &layout).file_bytes().map_err(damaged)?;
    let name = format!("{}/{}", paths::outbox(record.job), paths::TOTALS);
    let mut file = job.scratch()?;
    observer.begin(Stage::Downloading, limit);
    let length = server.get(&name, limit, &mut file, observer);
    observer.end();
    match length {
        Err(TransferError::TooLarge { .. }) => Err(PipelineError::Refused(record.job)),
        length => Ok(ReceivedTotals { file, length: length? }),
    }
}

/// The exact totals of all slots, if this is the job's only right answer. Nothing else is decrypted, so a server learns
/// nothing from what becomes of its answer: it knows the right one itself.
pub(super) fn open(
    job: JobId,
    secrets: &JobSecrets,
    answer: ReceivedTotals,
) -> Result<Zeroizing<Vec<u128>>, PipelineError> {
    let ReceivedTotals { mut file, length } = answer;
    file.rewind().map_err(PipelineError::file("the downloaded answer"))?;
    let totals = AcceptedTotals::open(BufReader::new(file), length, secrets.totals);
    let mut totals = totals.map_err(|error| match error {
        PackageError::OtherTotals => PipelineError::Refused(job),
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
