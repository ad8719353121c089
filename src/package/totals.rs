//! The totals file: what the server answers. The same dataset gives the same bytes, whoever computes and whenever.

use std::io::{self, Read, Seek, Write};

use serde::{Deserialize, Serialize};

use super::dataset::JobIdBytes;
use super::error::PackageError;
use super::frame::{self, DIGEST_BYTES, Digest, FileKind, Hashing};
use super::header::{DatasetShape, JobId};
use crate::he::parameters::POLYNOMIAL_SIZE;
use crate::he::{LaneTotals, Layout};

/// What a totals file tells: of which job and of which dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotalsHeader {
    /// Whose data.
    pub job: JobIdBytes,
    /// Digest at the end of the dataset that was added up.
    pub dataset: Digest,
    /// How its blocks lay.
    pub shape: DatasetShape,
}

impl TotalsHeader {
    /// The header for the totals of this dataset.
    pub fn new(job: JobId, dataset: Digest, layout: &Layout) -> Self {
        Self { job: job.bytes(), dataset, shape: DatasetShape::of(layout) }
    }

    /// Bytes of the whole file.
    ///
    /// # Errors
    /// [`PackageError::Header`].
    pub fn file_bytes(&self) -> Result<u64, PackageError> {
        let opening = frame::header_bytes(FileKind::Totals, self)?.len() as u64;
        Ok(opening + 8 * self.shape.layout()?.totals_words() + DIGEST_BYTES)
    }
}

/// Writes a whole totals file: per segment and lane, the mask and the truncated body. Returns its digest.
///
/// # Errors
/// [`PackageError`].
pub fn write(
    output: &mut impl Write,
    header: &TotalsHeader,
    segments: &[Vec<LaneTotals>],
) -> Result<Digest, PackageError> {
    let mut output = Hashing::new(output);
    output.write_all(&frame::header_bytes(FileKind::Totals, header)?)?;
    for lane in segments.iter().flatten() {
        output.write_all(bytemuck::cast_slice(&lane.mask))?;
        output.write_all(bytemuck::cast_slice(&lane.body))?;
    }
    let digest = output.digest();
    output.into_inner().write_all(&digest.0)?;
    Ok(digest)
}

/// The digest that the totals file would have.
///
/// # Errors
/// [`PackageError::Header`].
pub fn digest(header: &TotalsHeader, segments: &[Vec<LaneTotals>]) -> Result<Digest, PackageError> {
    write(&mut io::sink(), header, segments)
}

/// What a totals file says of itself. The totals are behind [`AcceptedTotals`].
pub struct TotalsFile<R> {
    input: R,
    header: TotalsHeader,
    layout: Layout,
}

impl<R: Read> TotalsFile<R> {
    /// Reads the header of a file of `length` bytes.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn open(mut input: R, length: u64) -> Result<Self, PackageError> {
        let (preamble, header): (_, TotalsHeader) = frame::read_opening(FileKind::Totals, &mut input)?;
        let layout = header.shape.layout()?;
        let expected = preamble.payload_start() + 8 * layout.totals_words() + DIGEST_BYTES;
        if length != expected {
            return Err(PackageError::Length { found: length, expected });
        }
        Ok(Self { input, header, layout })
    }

    /// The header.
    pub fn header(&self) -> &TotalsHeader {
        &self.header
    }

    /// How the blocks of the dataset lay.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
}

/// The totals of a file that is, byte for byte, the expected one. No others may be decrypted.
pub struct AcceptedTotals<R>(TotalsFile<R>);

impl<R: Read + Seek> AcceptedTotals<R> {
    /// Compares the digest of a file of `length` bytes with `expected`, and only then looks at what it holds.
    ///
    /// # Errors
    /// [`PackageError::Digest`] for a damaged file, [`PackageError::OtherTotals`] for another one, [`PackageError::Io`].
    pub fn open(mut input: R, length: u64, expected: Digest) -> Result<Self, PackageError> {
        if verify_digest(&mut input, length)? != expected {
            return Err(PackageError::OtherTotals);
        }
        input.rewind()?;
        TotalsFile::open(input, length).map(Self)
    }

    /// How the blocks of the dataset lay.
    pub fn layout(&self) -> &Layout {
        &self.0.layout
    }

    /// The next segment's totals, lane by lane.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn read_segment(&mut self) -> Result<Vec<LaneTotals>, PackageError> {
        let TotalsFile { input, layout, .. } = &mut self.0;
        let mut read = |count: usize| -> Result<Vec<u64>, PackageError> {
            let mut words = vec![0; count];
            frame::read_exactly(input, bytemuck::cast_slice_mut(&mut words))?;
            Ok(words)
        };
        let lane = |width: &usize| Ok(LaneTotals { mask: read(POLYNOMIAL_SIZE)?, body: read(*width)? });
        layout.widths().iter().map(lane).collect()
    }
}

/// Compares the digest at the end of a file of `length` bytes with that of its bytes; any kind of file.
///
/// # Errors
/// [`PackageError::Digest`] if they differ.
pub fn verify_digest(input: impl Read, length: u64) -> Result<Digest, PackageError> {
    let before = length.checked_sub(DIGEST_BYTES).ok_or(PackageError::Digest)?;
    let mut hashing = Hashing::new(input);
    io::copy(&mut hashing.by_ref().take(before), &mut io::sink())?;
    let digest = hashing.digest();
    let mut stored = Vec::new();
    hashing.inner().take(DIGEST_BYTES + 1).read_to_end(&mut stored)?;
    if stored == digest.0 { Ok(digest) } else { Err(PackageError::Digest) }
}
