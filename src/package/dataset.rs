//! The dataset file: all blocks of a table.

use std::fs::File;
use std::io::{Read, Write};

use serde::{Deserialize, Serialize};

use super::error::PackageError;
use super::frame::{self, DIGEST_BYTES, Digest, FileKind, Hashing};
use super::header::{DatasetShape, JobId};
use crate::he::{Block, Layout, layout};

/// What a dataset tells anyone: its job, its rows, its lanes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetHeader {
    /// Whose data.
    pub job: JobIdBytes,
    /// How the blocks lie.
    pub shape: DatasetShape,
}

/// A job's name in a header: its 16 bytes.
pub type JobIdBytes = [u8; 16];

impl DatasetHeader {
    /// The header for a job's table of this layout.
    pub fn new(job: JobId, layout: &Layout) -> Self {
        Self { job: job.bytes(), shape: DatasetShape::of(layout) }
    }

    /// Bytes of the whole file.
    ///
    /// # Errors
    /// [`PackageError::Header`].
    pub fn file_bytes(&self) -> Result<u64, PackageError> {
        let opening = frame::header_bytes(FileKind::Dataset, self)?.len() as u64;
        Ok(opening + 8 * self.shape.layout()?.words() + DIGEST_BYTES)
    }
}

/// Writes a dataset, block after block.
pub struct DatasetWriter<W: Write> {
    output: Hashing<W>,
    words_left: u64,
}

impl<W: Write> DatasetWriter<W> {
    /// Begins the file in `output`.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn new(output: W, header: &DatasetHeader) -> Result<Self, PackageError> {
        let mut output = Hashing::new(output);
        output.write_all(&frame::header_bytes(FileKind::Dataset, header)?)?;
        Ok(Self { output, words_left: header.shape.layout()?.words() })
    }

    /// Writes seeds and bodies of the next blocks.
    ///
    /// # Errors
    /// [`PackageError::Io`]; [`PackageError::Header`] for more words than the header promised.
    pub fn write(&mut self, words: &[u64]) -> Result<(), PackageError> {
        let too_many = || PackageError::Header("more blocks than promised".into());
        self.words_left = self.words_left.checked_sub(words.len() as u64).ok_or_else(too_many)?;
        Ok(self.output.write_all(bytemuck::cast_slice(words))?)
    }

    /// Ends the file with its digest.
    ///
    /// # Errors
    /// [`PackageError::Io`]; [`PackageError::Header`] if blocks are still missing.
    pub fn finish(self) -> Result<(W, Digest), PackageError> {
        if self.words_left > 0 {
            return Err(PackageError::Header("fewer blocks than promised".into()));
        }
        let digest = self.output.digest();
        let mut output = self.output.into_inner();
        output.write_all(&digest.0)?;
        Ok((output, digest))
    }
}

/// Reads a dataset, batch after batch, and hashes it in the same pass.
pub struct DatasetReader {
    input: Hashing<File>,
    job: JobId,
    layout: Layout,
}

impl DatasetReader {
    /// Reads the header of `file` and compares the file's length with it before anything is allocated.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn open(file: File) -> Result<Self, PackageError> {
        let found = file.metadata()?.len();
        let mut input = Hashing::new(file);
        let (preamble, header): (_, DatasetHeader) = frame::read_opening(FileKind::Dataset, &mut input)?;
        let layout = header.shape.layout()?;
        let expected = preamble.payload_start() + 8 * layout.words() + DIGEST_BYTES;
        if found != expected {
            return Err(PackageError::Length { found, expected });
        }
        Ok(Self { input, job: JobId::from_bytes(header.job), layout })
    }

    /// Whose data.
    pub fn job(&self) -> JobId {
        self.job
    }

    /// How the blocks lie.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Gives every batch, of about `words` words, to `work`, in order. While one is worked on, it is hashed and the next
    /// one is read. In the end the file's digest must be that of its bytes.
    ///
    /// # Errors
    /// [`PackageError::Digest`] if it is not, or if bytes follow; the first error of `work`.
    pub fn for_each_batch<E: From<PackageError> + Send>(
        mut self,
        words: usize,
        mut work: impl FnMut(&[Block], &[u64]) -> Result<(), E> + Send,
    ) -> Result<Digest, E> {
        let layout = self.layout.clone();
        let mut batches = layout.batches(words);
        let (mut batch, mut current, mut following) = (batches.next(), Vec::new(), Vec::new());
        self.read(batch.as_deref(), &mut current)?;
        while let Some(now) = batch {
            let next = batches.next();
            // Reading is one core's work and goes first; hashing and working are shared with whoever is free.
            let (read, worked) = rayon::join(
                || {
                    let read = self.read(next.as_deref(), &mut following);
                    self.input.absorb(bytemuck::cast_slice(&current));
                    read
                },
                || work(&now, &current),
            );
            worked?;
            read?;
            std::mem::swap(&mut current, &mut following);
            batch = next;
        }
        Ok(self.finish()?)
    }

    /// Reads the words of `batch`, if there is one, past the hash.
    fn read(&mut self, batch: Option<&[Block]>, words: &mut Vec<u64>) -> Result<(), PackageError> {
        words.resize(batch.map_or(0, layout::words), 0);
        frame::read_exactly(self.input.inner(), bytemuck::cast_slice_mut(words))
    }

    fn finish(mut self) -> Result<Digest, PackageError> {
        let digest = self.input.digest();
        let mut stored = Vec::new();
        self.input.inner().take(DIGEST_BYTES + 1).read_to_end(&mut stored)?;
        if stored == digest.0 { Ok(digest) } else { Err(PackageError::Digest) }
    }
}
