//! Where the CSV's bytes come from, hashed on the way so that both passes can be compared.

use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::TableError;
use crate::foundation::observer::Observer;

/// BLAKE3 of a CSV file's bytes: tells whether two passes, or two commands, saw the same file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvDigest(pub [u8; 32]);

/// A CSV file that can be read more than once.
#[derive(Debug)]
pub struct CsvSource {
    name: String,
    bytes: Bytes,
}

#[derive(Debug)]
enum Bytes {
    /// A regular file.
    Path(PathBuf),
    /// A copy of what could be read only once.
    Spooled(Box<dyn Rereadable>),
}

/// Bytes that can be read from their beginning again and again.
pub trait Rereadable: Debug + Send + Sync {
    /// How many.
    fn length(&self) -> u64;

    /// All of them, from the beginning.
    fn read(&self) -> Box<dyn Read>;
}

impl CsvSource {
    /// The file at `path`; a pipe or a device can be read only once, so `spool` reads it and makes a copy.
    ///
    /// # Errors
    /// [`TableError::Read`].
    pub fn open(path: &Path, spool: impl FnOnce(File) -> io::Result<Box<dyn Rereadable>>) -> Result<Self, TableError> {
        let name = path.display().to_string();
        let failed = |source| TableError::Read { path: name.clone(), source };
        let meta = path.metadata().map_err(failed)?;
        if meta.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        if meta.is_file() {
            return Ok(Self { name, bytes: Bytes::Path(path.into()) });
        }
        let copy = File::open(path).and_then(spool).map_err(failed)?;
        Ok(Self::spooled(&name, copy))
    }

    /// A copy of what could be read only once; `name` is for messages.
    pub fn spooled(name: &str, copy: Box<dyn Rereadable>) -> Self {
        Self { name: name.into(), bytes: Bytes::Spooled(copy) }
    }

    /// What to call it in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file's length in bytes.
    ///
    /// # Errors
    /// [`TableError::Read`].
    pub fn length(&self) -> Result<u64, TableError> {
        match &self.bytes {
            Bytes::Path(path) => path.metadata().map(|meta| meta.len()).map_err(|source| self.read_error(source)),
            Bytes::Spooled(copy) => Ok(copy.length()),
        }
    }

    /// The bytes from the beginning; `observer` hears of each byte read.
    pub(super) fn read<'o>(&self, observer: &'o dyn Observer) -> Result<HashingReader<'o>, TableError> {
        let bytes = match &self.bytes {
            Bytes::Path(path) => Box::new(File::open(path).map_err(|source| self.read_error(source))?),
            Bytes::Spooled(copy) => copy.read(),
        };
        Ok(HashingReader { bytes, hasher: blake3::Hasher::new(), observer })
    }

    pub(super) fn read_error(&self, source: io::Error) -> TableError {
        read_error(&self.name, source)
    }
}

/// What went wrong when the file called `name` was read, or that the observer ended it.
pub(super) fn read_error(name: &str, source: io::Error) -> TableError {
    match source.downcast() {
        Ok(stopped) => TableError::Cancelled(stopped),
        Err(source) => TableError::Read { path: name.into(), source },
    }
}

/// Reads bytes and hashes what passes, until the observer ends it.
pub(super) struct HashingReader<'o> {
    bytes: Box<dyn Read>,
    hasher: blake3::Hasher,
    observer: &'o dyn Observer,
}

impl HashingReader<'_> {
    /// Digest of the bytes read so far.
    pub(super) fn digest(&self) -> CsvDigest {
        CsvDigest(*self.hasher.finalize().as_bytes())
    }
}

impl Read for HashingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.observer.check_cancelled().map_err(io::Error::other)?;
        let count = self.bytes.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        self.observer.advance(count as u64);
        Ok(count)
    }
}
