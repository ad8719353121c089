//! The server's answer: fetched, verified, and only then decrypted. Nothing here shows anything.

use std::fs::File;
use std::io::{BufReader, Seek};

use zeroize::Zeroizing;

use super::error::PipelineError;
use super::names;
use crate::foundation::observer::{Observer, Stage};
use crate::he::decryptor::Refused;
use crate::he::{Checksum, Decryptor, Layout};
use crate::keystore::{Job, JobSecrets, Phase};
use crate::package::{Digest, TotalsFile, TotalsHeader, totals};
use crate::transfer::{Server, TransferError};

/// Totals that a server sent: whole, but not yet believed.
pub(super) struct Answer {
    file: File,
    length: u64,
    digest: Digest,
}

/// Fetches the totals, which are known to be there. The honest ones have a known length: more is not even read, and
/// spends the job.
pub(super) fn fetch(
    job: &mut Job,
    layout: &Layout,
    server: &dyn Server,
    observer: &dyn Observer,
) -> Result<Answer, PipelineError> {
    let id = job.record().job;
    let damaged = |source| PipelineError::Damaged { job: id, source };
    let name = format!("{}/{}", names::outbox(id), names::TOTALS);
    let honest = TotalsHeader::new(id, job.record().dataset, layout).file_bytes().map_err(damaged)?;
    let mut file = job.scratch()?;
    observer.begin(Stage::Downloading, honest);
    let length = server.get(&name, honest, &mut file, observer);
    observer.end();
    if matches!(length, Err(TransferError::TooLarge { .. })) {
        return Err(spend(job)?);
    }
    let length = length?;
    let failed = PipelineError::file("the downloaded answer");
    file.rewind().map_err(&failed)?;
    let digest = totals::verify_digest(BufReader::new(&file), length).map_err(damaged)?;
    file.rewind().map_err(failed)?;
    Ok(Answer { file, length, digest })
}

/// The exact totals of all slots, if this is the job's honest answer; otherwise the job is spent, on disk, before anyone
/// hears of it.
pub(super) fn open(
    job: &mut Job,
    secrets: JobSecrets,
    layout: &Layout,
    answer: Answer,
) -> Result<Zeroizing<Vec<u128>>, PipelineError> {
    let first = match job.record().phase {
        Phase::Spent => return Err(PipelineError::Refused(job.record().job)),
        Phase::Answered { totals } | Phase::Verified { totals } => totals == answer.digest,
        Phase::Spooled | Phase::Uploaded => true,
    };
    if first && !matches!(job.record().phase, Phase::Verified { .. }) {
        job.enter(Phase::Answered { totals: answer.digest })?;
    }
    let digest = answer.digest;
    let totals = if first { decrypt(job, secrets, layout, answer) } else { Err(Refused) };
    let Ok(totals) = totals else { return Err(spend(job)?) };
    job.enter(Phase::Verified { totals: digest })?;
    Ok(totals)
}

/// Latches that no answer to this job will be decrypted any more; the error to end with.
fn spend(job: &mut Job) -> Result<PipelineError, PipelineError> {
    job.enter(Phase::Spent)?;
    Ok(PipelineError::Refused(job.record().job))
}

fn decrypt(job: &Job, secrets: JobSecrets, layout: &Layout, answer: Answer) -> Result<Zeroizing<Vec<u128>>, Refused> {
    let expected = TotalsHeader::new(job.record().job, job.record().dataset, layout);
    let mut totals = TotalsFile::open(BufReader::new(answer.file), answer.length).map_err(|_| Refused)?;
    if *totals.header() != expected {
        return Err(Refused);
    }
    let mut decryptor = Decryptor::new(&secrets.key, layout, Checksum::new(secrets.check_key));
    for _ in 0..layout.segments() {
        decryptor.add_segment(&totals.read_segment().map_err(|_| Refused)?)?;
    }
    decryptor.finish(&secrets.checksum)
}
