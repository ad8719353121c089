//! Where the CSV's bytes come from, hashed on the way so that both passes can be compared.

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
#[derive(Debug, Clone)]
pub struct CsvSource {
    path: PathBuf,
}

impl CsvSource {
    /// The file at `path`. Pipes and devices can be read only once: spool them first.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's length in bytes.
    ///
    /// # Errors
    /// [`TableError::Read`].
    pub fn len(&self) -> Result<u64, TableError> {
        self.path.metadata().map(|meta| meta.len()).map_err(|source| self.read_error(source))
    }

    /// The bytes from the beginning; `observer` hears of each byte read.
    ///
    /// # Errors
    /// [`TableError::Read`] if the file cannot be opened or is a directory.
    pub fn open<'o>(&self, observer: &'o dyn Observer) -> Result<HashingReader<'o>, TableError> {
        let file = File::open(&self.path).map_err(|source| self.read_error(source))?;
        if file.metadata().is_ok_and(|meta| meta.is_dir()) {
            return Err(self.read_error(io::ErrorKind::IsADirectory.into()));
        }
        Ok(HashingReader { file, hasher: blake3::Hasher::new(), observer })
    }

    pub(super) fn read_error(&self, source: io::Error) -> TableError {
        TableError::Read { path: self.path.display().to_string(), source }
    }
}

/// Reads a file and hashes what passes.
pub struct HashingReader<'o> {
    file: File,
    hasher: blake3::Hasher,
    observer: &'o dyn Observer,
}

impl HashingReader<'_> {
    /// Digest of the bytes read so far.
    pub fn digest(&self) -> CsvDigest {
        CsvDigest(*self.hasher.finalize().as_bytes())
    }
}

impl Read for HashingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        self.observer.advance(count as u64);
        Ok(count)
    }
}
