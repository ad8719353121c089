//! Buffers input that can be read only once, such as a pipe, so that it can be read several times. Small input stays in
//! memory; the rest goes to a temporary file that only this process can decrypt.
//!
//! ```text
//! chunk i, in memory:  plaintext, wiped when dropped                      the first 64 MiB
//! chunk i, on disk:    AES-256-GCM(key, nonce = i, plaintext), tag        in a temporary file without a name
//! ```
//! The key is random, used for one spool only, and never leaves memory. Altered and moved chunks do not decrypt.
//! Missing chunks are detected because the length of the input is kept in memory.

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use rand_core::Rng;
use zeroize::Zeroizing;

use crate::crypto::aead::{Aead, KEY_BYTES, NONCE_BYTES, TAG_BYTES};
use crate::foundation::random;
use crate::table::Rereadable;

/// Bytes of each chunk but the last.
const SPOOL_CHUNK: usize = 1 << 20;
/// Number of chunks that are kept in memory.
const CHUNKS_IN_MEMORY: usize = 64;

/// Buffered input that can be read several times.
#[derive(Clone)]
pub struct Spool(Arc<Chunks>);

struct Chunks {
    memory: Vec<Zeroizing<Vec<u8>>>,
    disk: Option<EncryptedFile>,
    length: u64,
}

/// The file of encrypted chunks.
struct EncryptedFile {
    file: File,
    key: Aead,
}

impl Spool {
    /// Reads `input` to its end. Data beyond 64 MiB is encrypted into a temporary file in `directory`.
    ///
    /// # Errors
    /// [`io::Error`] if reading or writing fails, or the system provides no randomness.
    pub fn fill(input: impl Read, directory: &Path) -> io::Result<Self> {
        Self::fill_beyond(CHUNKS_IN_MEMORY, input, || tempfile::tempfile_in(directory))
    }

    fn fill_beyond(
        in_memory: usize,
        mut input: impl Read,
        create_file: impl Fn() -> io::Result<File>,
    ) -> io::Result<Self> {
        let mut chunks = Chunks { memory: Vec::new(), disk: None, length: 0 };
        loop {
            // The capacity includes the tag: reallocation would leave a copy of the plaintext in memory.
            let mut chunk = Zeroizing::new(Vec::with_capacity(SPOOL_CHUNK + TAG_BYTES));
            let count = input.by_ref().take(SPOOL_CHUNK as u64).read_to_end(&mut chunk)?;
            chunks.length += count as u64;
            if count > 0 && chunks.memory.len() < in_memory {
                chunks.memory.push(chunk);
            } else if count > 0 {
                let disk = match &mut chunks.disk {
                    Some(disk) => disk,
                    None => chunks.disk.insert(EncryptedFile::new(create_file())?),
                };
                disk.append((chunks.length - 1) / SPOOL_CHUNK as u64, chunk)?;
            }
            if count < SPOOL_CHUNK {
                return Ok(Self(Arc::new(chunks)));
            }
        }
    }
}

impl Rereadable for Spool {
    fn length(&self) -> u64 {
        self.0.length
    }

    fn read(&self) -> Box<dyn Read> {
        Box::new(SpoolReader { chunks: Arc::clone(&self.0), next: 0, chunk: Cursor::default() })
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Spool({} bytes)", self.0.length)
    }
}

impl Chunks {
    /// Returns the length of chunk `number`, in bytes; 0 after the last one.
    fn length_of(&self, number: u64) -> usize {
        let start = number.saturating_mul(SPOOL_CHUNK as u64);
        self.length.saturating_sub(start).min(SPOOL_CHUNK as u64) as usize
    }

    /// Reads chunk `number` into `chunk`, which is empty after the last one.
    fn read(&self, number: u64, chunk: &mut Vec<u8>) -> io::Result<()> {
        chunk.clear();
        let length = self.length_of(number);
        if length == 0 {
            return Ok(());
        }
        if let Some(kept) = self.memory.get(number as usize) {
            chunk.extend_from_slice(kept);
            return Ok(());
        }
        // A chunk below `length` that is not in memory was written to the disk.
        let disk = self.disk.as_ref().ok_or_else(altered)?;
        chunk.resize(length + TAG_BYTES, 0);
        let offset = (number - self.memory.len() as u64) * (SPOOL_CHUNK + TAG_BYTES) as u64;
        disk.read(number, offset, chunk)
    }
}

impl EncryptedFile {
    fn new(file: io::Result<File>) -> io::Result<Self> {
        Ok(Self { file: file.map_err(|error| write_error(&error))?, key: ephemeral_key()? })
    }

    fn append(&mut self, number: u64, mut chunk: Zeroizing<Vec<u8>>) -> io::Result<()> {
        let tag = self.key.seal(nonce(number), &[], &mut chunk).map_err(io::Error::other)?;
        chunk.extend_from_slice(&tag);
        self.file.write_all(&chunk).map_err(|error| write_error(&error))
    }

    /// Reads and decrypts a chunk at `offset`. On entry, `chunk` has the length of ciphertext and tag.
    fn read(&self, number: u64, offset: u64, chunk: &mut Vec<u8>) -> io::Result<()> {
        self.file.read_exact_at(chunk, offset).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => altered(),
            _ => error,
        })?;
        let (text, tag) = chunk.split_last_chunk_mut::<TAG_BYTES>().ok_or_else(altered)?;
        self.key.open(nonce(number), &[], text, tag).map_err(|_| altered())?;
        chunk.truncate(chunk.len() - TAG_BYTES);
        Ok(())
    }
}

fn nonce(number: u64) -> [u8; NONCE_BYTES] {
    let mut nonce = [0; NONCE_BYTES];
    nonce.iter_mut().zip(number.to_le_bytes()).for_each(|(byte, digit)| *byte = digit);
    nonce
}

fn ephemeral_key() -> io::Result<Aead> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    random::from_system().map_err(io::Error::other)?.fill_bytes(key.as_mut_slice());
    Aead::aes_256_gcm(&key).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}

fn write_error(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write its temporary copy: {error}"))
}

fn altered() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "its temporary copy was altered")
}

/// One pass over the input.
struct SpoolReader {
    chunks: Arc<Chunks>,
    /// Number of the chunk after the current one.
    next: u64,
    chunk: Cursor<Zeroizing<Vec<u8>>>,
}

impl Read for SpoolReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.chunk.read(buffer)?;
        if count > 0 || buffer.is_empty() {
            return Ok(count);
        }
        self.chunks.read(self.next, self.chunk.get_mut())?;
        self.next += 1;
        self.chunk.set_position(0);
        self.chunk.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns bytes without repeated words of eight bytes.
    fn bytes(count: usize) -> Vec<u8> {
        (0..count as u64)
            .flat_map(|number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes())
            .take(count)
            .collect()
    }

    fn spool(content: &[u8], in_memory: usize) -> (Spool, File) {
        let file = tempfile::tempfile().unwrap();
        let spool = Spool::fill_beyond(in_memory, content, || file.try_clone()).unwrap();
        (spool, file)
    }

    fn read(spool: &Spool) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        spool.read().read_to_end(&mut content).map(|_| content)
    }

    #[test]
    fn every_pass_reads_the_whole_input() {
        for count in [0, 1, SPOOL_CHUNK - 1, SPOOL_CHUNK, SPOOL_CHUNK + 1, 3 * SPOOL_CHUNK, 3 * SPOOL_CHUNK + 5] {
            let content = bytes(count);
            for in_memory in [0, 1, 4] {
                let (spool, file) = spool(&content, in_memory);
                assert_eq!(spool.length(), count as u64);
                assert!(read(&spool).unwrap() == content && read(&spool).unwrap() == content, "{count} {in_memory}");
                let on_disk = count.saturating_sub(in_memory * SPOOL_CHUNK);
                assert_eq!(
                    file.metadata().unwrap().len() as usize,
                    on_disk + on_disk.div_ceil(SPOOL_CHUNK) * TAG_BYTES
                );
            }
        }
    }

    #[test]
    fn no_plaintext_is_on_disk() {
        let content = bytes(2 * SPOOL_CHUNK);
        let (_spool, file) = spool(&content, 0);
        let mut stored = vec![0; file.metadata().unwrap().len() as usize];
        file.read_exact_at(&mut stored, 0).unwrap();
        let words: std::collections::HashSet<&[u8]> = content.chunks_exact(8).collect();
        assert!(!stored.windows(8).any(|window| words.contains(window)));
    }

    #[test]
    fn altered_chunks_on_disk_are_an_error() {
        let content = bytes(3 * SPOOL_CHUNK);
        let sealed = (SPOOL_CHUNK + TAG_BYTES) as u64;
        let flip = |file: &File, offset: u64| {
            let mut byte = [0];
            file.read_exact_at(&mut byte, offset).unwrap();
            file.write_all_at(&[byte[0] ^ 1], offset).unwrap();
        };
        let swap = |file: &File| {
            let mut chunks = [vec![0; SPOOL_CHUNK + TAG_BYTES], vec![0; SPOOL_CHUNK + TAG_BYTES]];
            chunks.iter_mut().zip([0, sealed]).for_each(|(chunk, offset)| file.read_exact_at(chunk, offset).unwrap());
            chunks.iter().zip([sealed, 0]).for_each(|(chunk, offset)| file.write_all_at(chunk, offset).unwrap());
        };
        let changes: [&dyn Fn(&File); 6] = [
            &|file| flip(file, 0),
            &|file| flip(file, sealed - 1),
            &|file| flip(file, 2 * sealed - 5),
            &|file| file.set_len(3 * sealed - 1).unwrap(),
            &|file| file.set_len(2 * sealed).unwrap(),
            &swap,
        ];
        for (number, change) in changes.iter().enumerate() {
            let (spool, file) = spool(&content, 0);
            change(&file);
            assert_eq!(read(&spool).unwrap_err().kind(), io::ErrorKind::InvalidData, "change {number}");
        }
    }

    #[test]
    fn every_spool_has_its_own_key() {
        let content = bytes(SPOOL_CHUNK);
        let stored = [0, 1].map(|_| {
            let (_spool, file) = spool(&content, 0);
            let mut stored = vec![0; SPOOL_CHUNK];
            file.read_exact_at(&mut stored, 0).unwrap();
            stored
        });
        assert!(stored[0] != stored[1]);
    }
}
