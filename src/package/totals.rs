//! The totals file, which the server computes. It is a function of the dataset: every server writes the same bytes.

use std::io::{self, Read, Seek, Write};

use serde::{Deserialize, Serialize};

use super::dataset::JobIdBytes;
use super::digest::{DIGEST_BYTES, Digest, HashingIo, verify_digest};
use super::error::PackageError;
use super::header::{DatasetShape, JobId};
use super::hes_file::{self, FileKind};
use crate::he::parameters::POLYNOMIAL_SIZE;
use crate::he::{LaneTotals, Layout};

/// The header of a totals file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotalsHeader {
    /// The job that the totals belong to.
    pub job: JobIdBytes,
    /// Digest of the dataset that was added up.
    pub dataset: Digest,
    /// Shape of the dataset.
    pub shape: DatasetShape,
}

impl TotalsHeader {
    /// Returns the header for the totals of a dataset.
    pub fn new(job: JobId, dataset: Digest, layout: &Layout) -> Self {
        Self { job: job.bytes(), dataset, shape: DatasetShape::of(layout) }
    }

    /// Returns the length of the whole file, in bytes.
    ///
    /// # Errors
    /// [`PackageError::Header`] if the shape is invalid.
    pub fn file_bytes(&self) -> Result<u64, PackageError> {
        let payload_start = hes_file::header_bytes(FileKind::Totals, self)?.len() as u64;
        Ok(payload_start + 8 * self.shape.layout()?.totals_words() + DIGEST_BYTES)
    }
}

/// Writes a totals file: per segment and lane, the mask and the truncated body. Returns its digest.
///
/// # Errors
/// [`PackageError::Io`]; [`PackageError::Header`] if the header is too long.
pub fn write(
    output: &mut impl Write,
    header: &TotalsHeader,
    segments: &[Vec<LaneTotals>],
) -> Result<Digest, PackageError> {
    let mut output = HashingIo::new(output);
    output.write_all(&hes_file::header_bytes(FileKind::Totals, header)?)?;
    for lane in segments.iter().flatten() {
        output.write_all(bytemuck::cast_slice(&lane.mask))?;
        output.write_all(bytemuck::cast_slice(&lane.body))?;
    }
    let digest = output.digest();
    output.into_inner().write_all(&digest.0)?;
    Ok(digest)
}

/// Returns the digest of the totals file with this header and these totals.
///
/// # Errors
/// As [`write()`].
pub fn digest(header: &TotalsHeader, segments: &[Vec<LaneTotals>]) -> Result<Digest, PackageError> {
    write(&mut io::sink(), header, segments)
}

/// A totals file whose header was read. Its totals can be read only through [`AcceptedTotals`].
pub struct TotalsFile<R> {
    input: R,
    header: TotalsHeader,
    layout: Layout,
}

impl<R: Read> TotalsFile<R> {
    /// Reads the header of a file of `length` bytes.
    ///
    /// # Errors
    /// As [`hes_file::read_header`]; [`PackageError::Length`].
    pub fn open(mut input: R, length: u64) -> Result<Self, PackageError> {
        let (preamble, header): (_, TotalsHeader) = hes_file::read_header(FileKind::Totals, &mut input)?;
        let layout = header.shape.layout()?;
        let expected = preamble.payload_start() + 8 * layout.totals_words() + DIGEST_BYTES;
        if length != expected {
            return Err(PackageError::Length { found: length, expected });
        }
        Ok(Self { input, header, layout })
    }

    /// Returns the header.
    pub fn header(&self) -> &TotalsHeader {
        &self.header
    }

    /// Returns the layout of the dataset's blocks.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
}

/// A totals file that is, byte for byte, the expected one. Only such totals may be decrypted.
pub struct AcceptedTotals<R>(TotalsFile<R>);

impl<R: Read + Seek> AcceptedTotals<R> {
    /// Compares the digest of a file of `length` bytes with `expected`, and parses the file only if they are equal.
    ///
    /// # Errors
    /// [`PackageError::Digest`] for a damaged file; [`PackageError::TotalsMismatch`] for any other totals file;
    /// [`PackageError::Io`].
    pub fn open(mut input: R, length: u64, expected: Digest) -> Result<Self, PackageError> {
        if verify_digest(&mut input, length)? != expected {
            return Err(PackageError::TotalsMismatch);
        }
        input.rewind()?;
        TotalsFile::open(input, length).map(Self)
    }

    /// Returns the layout of the dataset's blocks.
    pub fn layout(&self) -> &Layout {
        &self.0.layout
    }

    /// Reads the totals of the next segment, lane by lane.
    ///
    /// # Errors
    /// [`PackageError::Truncated`]; [`PackageError::Io`].
    pub fn read_segment(&mut self) -> Result<Vec<LaneTotals>, PackageError> {
        let TotalsFile { input, layout, .. } = &mut self.0;
        let mut read = |count: usize| -> Result<Vec<u64>, PackageError> {
            let mut words = vec![0; count];
            hes_file::read_exactly(input, bytemuck::cast_slice_mut(&mut words))?;
            Ok(words)
        };
        let lane = |width: &usize| Ok(LaneTotals { mask: read(POLYNOMIAL_SIZE)?, body: read(*width)? });
        layout.widths().iter().map(lane).collect()
    }
}
