//! Where the message comes from: something that can be read at any place, and does not change meanwhile.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// Bytes that are compared at once; they stay in the processor's cache.
const COMPARED: usize = 64 << 10;

/// A message that lies in a file.
#[derive(Debug)]
pub struct Source {
    file: File,
    name: String,
    stamp: Stamp,
}

/// What tells that a file's content has changed; its name and rights may.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: (i64, i64),
}

impl Source {
    /// The file at `path`; a pipe or a device is copied to a file without a name in `spool` first.
    ///
    /// # Errors
    /// Those of opening and copying.
    pub fn open(path: &Path, spool: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let meta = file.metadata()?;
        if meta.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let name = path.display().to_string();
        // Files of the kernel's say that they are empty, and are not.
        if meta.is_file() && meta.len() > 0 { Self::new(file, name) } else { Self::spool(file, name, spool) }
    }

    /// All that `input` gives, copied to a file without a name in `spool`.
    ///
    /// # Errors
    /// Those of copying.
    pub fn spool(mut input: impl Read, name: String, spool: &Path) -> io::Result<Self> {
        let mut file = tempfile::tempfile_in(spool)?;
        io::copy(&mut input, &mut file)?;
        Self::new(file, name)
    }

    fn new(file: File, name: String) -> io::Result<Self> {
        let stamp = Stamp::of(&file.metadata()?);
        Ok(Self { file, name, stamp })
    }

    /// What to call it in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        self.stamp.length
    }

    /// Whether it is not any more what it was in the beginning.
    pub(super) fn has_changed(&self) -> bool {
        self.file.metadata().map_or(true, |meta| Stamp::of(&meta) != self.stamp)
    }

    /// Fills `bytes` with those from `offset` on.
    pub(super) fn read(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(bytes, offset)
    }

    /// Whether these are the bytes from `offset` on.
    pub(super) fn holds(&self, offset: u64, bytes: &[u8]) -> io::Result<bool> {
        let mut own = vec![0; COMPARED.min(bytes.len())];
        for (bytes, offset) in bytes.chunks(COMPARED).zip((offset..).step_by(COMPARED)) {
            own.truncate(bytes.len());
            self.read(offset, &mut own)?;
            if own != bytes {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Stamp {
    fn of(meta: &Metadata) -> Self {
        Self { length: meta.len(), modified: (meta.mtime(), meta.mtime_nsec()) }
    }
}
