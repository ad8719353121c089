//! Where the CSV's bytes come from, hashed on the way so that both passes can be compared.

use std::fs::File;
use std::io::{self, Read, Seek};
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
    /// A copy without a name, of what could be read only once.
    Spooled(File),
}

impl CsvSource {
    /// The file at `path`; a pipe or a device is copied into `spool` first, for it can be read only once.
    ///
    /// # Errors
    /// [`TableError::Read`].
    pub fn open(path: &Path, spool: impl FnOnce() -> io::Result<File>) -> Result<Self, TableError> {
        let name = path.display().to_string();
        let failed = |source| TableError::Read { path: name.clone(), source };
        let meta = path.metadata().map_err(failed)?;
        if meta.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        if meta.is_file() {
            return Ok(Self { name, bytes: Bytes::Path(path.into()) });
        }
        let input = File::open(path).map_err(failed)?;
        Self::spool(&name, input, spool)
    }

    /// What `input` gives until it ends, copied into `spool`; `name` is for messages.
    ///
    /// # Errors
    /// [`TableError::Read`].
    pub fn spool(
        name: &str,
        mut input: impl Read,
        spool: impl FnOnce() -> io::Result<File>,
    ) -> Result<Self, TableError> {
        let copied = spool().and_then(|mut copy| io::copy(&mut input, &mut copy).map(|_| copy));
        let file = copied.map_err(|source| TableError::Read { path: name.into(), source })?;
        Ok(Self { name: name.into(), bytes: Bytes::Spooled(file) })
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
        let meta = match &self.bytes {
            Bytes::Path(path) => path.metadata(),
            Bytes::Spooled(file) => file.metadata(),
        };
        meta.map(|meta| meta.len()).map_err(|source| self.read_error(source))
    }

    /// The bytes from the beginning; `observer` hears of each byte read. One reading at a time.
    pub(super) fn read<'o>(&self, observer: &'o dyn Observer) -> Result<HashingReader<'o>, TableError> {
        let file = match &self.bytes {
            Bytes::Path(path) => File::open(path),
            Bytes::Spooled(file) => file.try_clone().and_then(|mut file| file.rewind().map(|()| file)),
        };
        let file = file.map_err(|source| self.read_error(source))?;
        Ok(HashingReader { file, hasher: blake3::Hasher::new(), observer })
    }

    pub(super) fn read_error(&self, source: io::Error) -> TableError {
        TableError::Read { path: self.name.clone(), source }
    }
}

/// Reads a file and hashes what passes.
pub(super) struct HashingReader<'o> {
    file: File,
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
        let count = self.file.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        self.observer.advance(count as u64);
        Ok(count)
    }
}
