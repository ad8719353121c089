//! The source of a CSV file's bytes, hashed while they are read so that both passes can be compared.

use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::foundation::observer::Observer;
use crate::table::error::TableError;

/// The BLAKE3 hash of a CSV file's bytes: shows whether two passes, or two commands, read the same data.
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
    /// A copy of a stream that can be read only once.
    Spooled(Box<dyn Rereadable>),
}

/// Bytes that can be read repeatedly.
pub trait Rereadable: Debug + Send + Sync {
    /// The length in bytes.
    fn length(&self) -> u64;

    /// Starts reading at the beginning.
    fn read(&self) -> Box<dyn Read>;
}

impl CsvSource {
    /// Opens the file at `path`. A pipe or a device can be read only once, so `spool` copies it.
    ///
    /// # Errors
    /// [`TableError::Read`] if there is no such file, it is a directory, or it cannot be copied.
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

    /// A copy of a stream that can be read only once; `name` is for messages.
    pub fn spooled(name: &str, copy: Box<dyn Rereadable>) -> Self {
        Self { name: name.into(), bytes: Bytes::Spooled(copy) }
    }

    /// The name for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file's length in bytes.
    ///
    /// # Errors
    /// [`TableError::Read`] if the file has been removed or is inaccessible.
    pub fn length(&self) -> Result<u64, TableError> {
        match &self.bytes {
            Bytes::Path(path) => path.metadata().map(|meta| meta.len()).map_err(|source| self.read_error(source)),
            Bytes::Spooled(copy) => Ok(copy.length()),
        }
    }

    /// Starts reading at the beginning; `observer` counts the bytes and can cancel.
    pub(in crate::table) fn read<'o>(&self, observer: Observer<'o>) -> Result<HashingReader<'o>, TableError> {
        let bytes = match &self.bytes {
            Bytes::Path(path) => Box::new(File::open(path).map_err(|source| self.read_error(source))?),
            Bytes::Spooled(copy) => copy.read(),
        };
        Ok(HashingReader { bytes, hasher: blake3::Hasher::new(), observer })
    }

    pub(in crate::table) fn read_error(&self, source: io::Error) -> TableError {
        read_error(&self.name, source)
    }
}

/// Converts an error while reading the file `name`; an observer may have cancelled the work.
pub(in crate::table) fn read_error(name: &str, source: io::Error) -> TableError {
    match source.downcast() {
        Ok(cancelled) => TableError::Cancelled(cancelled),
        Err(source) => TableError::Read { path: name.into(), source },
    }
}

/// Reads and hashes bytes until the observer cancels.
pub(in crate::table) struct HashingReader<'o> {
    bytes: Box<dyn Read>,
    hasher: blake3::Hasher,
    observer: Observer<'o>,
}

impl HashingReader<'_> {
    /// The digest of the bytes read so far.
    pub(in crate::table) fn digest(&self) -> CsvDigest {
        CsvDigest(*self.hasher.finalize().as_bytes())
    }
}

impl Read for HashingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.observer.check_cancelled().map_err(io::Error::other)?;
        let count = self.bytes.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        self.observer.advance(count as u64);
        Ok(count)
    }
}
