//! Describes a `.hes` file without any key.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek};
use std::path::Path;

use super::error::PipelineError;
use crate::he::Layout;
use crate::package::hes_file::Preamble;
use crate::package::{DatasetReader, Digest, FileKind, JobId, PackageError, TotalsFile, verify_digest};

/// What `hestat inspect` shows of a file.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// Kind of the file.
    pub kind: FileKind,
    /// Length of the file.
    pub bytes: u64,
    /// The verified digest at the end of the file.
    pub digest: Digest,
    /// The job; `None` for a secrets file, whose header is not read.
    pub job: Option<JobId>,
    /// Layout of the dataset; `None` for a secrets file.
    pub layout: Option<Layout>,
    /// For totals: digest of the dataset that was added up.
    pub dataset: Option<Digest>,
}

/// Reads the whole file and verifies everything that can be verified without a key.
///
/// # Errors
/// [`PipelineError::File`] if it cannot be opened or is a directory; [`PipelineError::Package`] if it is not a
/// complete, undamaged `.hes` file.
pub fn inspect(path: &Path) -> Result<Inspection, PipelineError> {
    let failed = |source| PipelineError::Package { name: path.display().to_string(), source };
    let mut file = File::open(path).map_err(PipelineError::file(path.display()))?;
    if file.metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(PipelineError::file(path.display())(ErrorKind::IsADirectory.into()));
    }
    describe(&mut file).map_err(failed)
}

fn describe(file: &mut File) -> Result<Inspection, PackageError> {
    let mut preamble = [0; 16];
    file.read_exact(&mut preamble).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => PackageError::BadMagic,
        _ => error.into(),
    })?;
    let kind = Preamble::parse(&preamble)?.kind;
    let bytes = file.metadata()?.len();
    file.rewind()?;
    let (job, layout, dataset) = match kind {
        FileKind::Dataset => {
            let dataset = DatasetReader::open(file.try_clone()?)?;
            (Some(dataset.job()), Some(dataset.layout().clone()), None)
        }
        FileKind::Totals => {
            let totals = TotalsFile::open(BufReader::new(&*file), bytes)?;
            let header = totals.header();
            (Some(JobId::from_bytes(header.job)), Some(totals.layout().clone()), Some(header.dataset))
        }
        FileKind::Secrets => (None, None, None),
    };
    file.rewind()?;
    let digest = verify_digest(BufReader::with_capacity(1 << 20, &*file), bytes)?;
    Ok(Inspection { kind, bytes, digest, job, layout, dataset })
}
