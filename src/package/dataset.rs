//! The dataset file: all encrypted blocks of a table.

use std::fs::File;
use std::io::{Read, Write};

use serde::{Deserialize, Serialize};

use super::digest::{DIGEST_BYTES, Digest, HashingIo};
use super::error::PackageError;
use super::header::{DatasetShape, JobId};
use super::hes_file::{self, FileKind};
use crate::he::{Block, Layout, layout};

/// The header of a dataset: everything that it reveals without a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetHeader {
    /// The job that the dataset belongs to.
    pub job: JobIdBytes,
    /// Rows and slots, from which the layout of the blocks follows.
    pub shape: DatasetShape,
}

/// The 16 bytes of a job ID, as stored in headers.
pub type JobIdBytes = [u8; 16];

impl DatasetHeader {
    /// Returns the header for a table of `job` in this layout.
    pub fn new(job: JobId, layout: &Layout) -> Self {
        Self { job: job.bytes(), shape: DatasetShape::of(layout) }
    }

    /// Returns the length of the whole file, in bytes.
    ///
    /// # Errors
    /// [`PackageError::Header`] if the shape is invalid.
    pub fn file_bytes(&self) -> Result<u64, PackageError> {
        let payload_start = hes_file::header_bytes(FileKind::Dataset, self)?.len() as u64;
        Ok(payload_start + 8 * self.shape.layout()?.words() + DIGEST_BYTES)
    }
}

/// Writes a dataset block by block.
pub struct DatasetWriter<W: Write> {
    output: HashingIo<W>,
    words_left: u64,
}

impl<W: Write> DatasetWriter<W> {
    /// Writes the header to `output`.
    ///
    /// # Errors
    /// [`PackageError::Io`]; [`PackageError::Header`] if the header's shape is invalid.
    pub fn new(output: W, header: &DatasetHeader) -> Result<Self, PackageError> {
        let mut output = HashingIo::new(output);
        output.write_all(&hes_file::header_bytes(FileKind::Dataset, header)?)?;
        Ok(Self { output, words_left: header.shape.layout()?.words() })
    }

    /// Writes the seeds and bodies of the next blocks.
    ///
    /// # Errors
    /// [`PackageError::Io`]; [`PackageError::Header`] for more words than the header declares.
    pub fn write(&mut self, words: &[u64]) -> Result<(), PackageError> {
        let too_many = || PackageError::Header("more blocks than it declares".into());
        self.words_left = self.words_left.checked_sub(words.len() as u64).ok_or_else(too_many)?;
        Ok(self.output.write_all(bytemuck::cast_slice(words))?)
    }

    /// Writes the digest and returns it with the output.
    ///
    /// # Errors
    /// [`PackageError::Io`]; [`PackageError::Header`] if blocks are missing.
    pub fn finish(self) -> Result<(W, Digest), PackageError> {
        if self.words_left > 0 {
            return Err(PackageError::Header("fewer blocks than it declares".into()));
        }
        let digest = self.output.digest();
        let mut output = self.output.into_inner();
        output.write_all(&digest.0)?;
        Ok((output, digest))
    }
}

/// Reads a dataset batch by batch and hashes it in the same pass.
pub struct DatasetReader {
    input: HashingIo<File>,
    job: JobId,
    layout: Layout,
}

impl DatasetReader {
    /// Reads the header of `file` and checks the file's length against it before anything is allocated.
    ///
    /// # Errors
    /// As [`hes_file::read_header`]; [`PackageError::Length`].
    pub fn open(file: File) -> Result<Self, PackageError> {
        let found = file.metadata()?.len();
        let mut input = HashingIo::new(file);
        let (preamble, header): (_, DatasetHeader) = hes_file::read_header(FileKind::Dataset, &mut input)?;
        let layout = header.shape.layout()?;
        let expected = preamble.payload_start() + 8 * layout.words() + DIGEST_BYTES;
        if found != expected {
            return Err(PackageError::Length { found, expected });
        }
        Ok(Self { input, job: JobId::from_bytes(header.job), layout })
    }

    /// Returns the job that the dataset belongs to.
    pub fn job(&self) -> JobId {
        self.job
    }

    /// Returns the layout of the blocks.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Passes batches of about `words` words to `work`, in order. While `work` runs, its batch is hashed and the next
    /// one is read. Returns the digest, which is verified at the end.
    ///
    /// # Errors
    /// [`PackageError::Digest`] if it does not match or is not the end of the file; [`PackageError::Truncated`];
    /// [`PackageError::Io`]; the first error of `work`.
    pub fn for_each_batch<E: From<PackageError> + Send>(
        mut self,
        words: usize,
        mut work: impl FnMut(&[Block], &[u64]) -> Result<(), E> + Send,
    ) -> Result<Digest, E> {
        let layout = self.layout.clone();
        let mut batches = layout.batches(words);
        let (mut batch, mut current, mut following) = (batches.next(), Vec::new(), Vec::new());
        self.read(batch.as_deref(), &mut current)?;
        while let Some(blocks) = batch {
            let next = batches.next();
            // Reading keeps one core busy and starts first; idle cores share hashing and work.
            let (read, worked) = rayon::join(
                || {
                    let read = self.read(next.as_deref(), &mut following);
                    self.input.update(bytemuck::cast_slice(&current));
                    read
                },
                || work(&blocks, &current),
            );
            worked?;
            read?;
            std::mem::swap(&mut current, &mut following);
            batch = next;
        }
        Ok(self.finish()?)
    }

    /// Reads the words of `batch`, if there is one, without hashing them.
    fn read(&mut self, batch: Option<&[Block]>, words: &mut Vec<u64>) -> Result<(), PackageError> {
        words.resize(batch.map_or(0, layout::words), 0);
        hes_file::read_exactly(self.input.inner(), bytemuck::cast_slice_mut(words))
    }

    fn finish(mut self) -> Result<Digest, PackageError> {
        let digest = self.input.digest();
        let mut stored = Vec::new();
        self.input.inner().take(DIGEST_BYTES + 1).read_to_end(&mut stored)?;
        if stored == digest.0 { Ok(digest) } else { Err(PackageError::Digest) }
    }
}
