//! A table that can be read only once, kept for the passes that follow: in memory as long as it is small, and beyond that in a
//! file that only this process can decrypt.
//!
//! ```text
//! chunk i, in memory:  plaintext, wiped when dropped                      the first 64 MiB
//! chunk i, on disk:    AES-256-GCM(key, nonce = i, plaintext), tag        in a file without a name
//! ```
//! The key is random, serves for one spool and exists in memory only. A chunk that was changed or moved does not open, and one
//! that is missing is missed, for their number and the length of the last one are in memory.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use rand_core::Rng;
use zeroize::Zeroizing;

use crate::crypto::aead::{Aead, KEY_BYTES, NONCE_BYTES, TAG_BYTES};
use crate::foundation::random;
use crate::table::Rereadable;

/// Bytes of a chunk, but for the last one.
const CHUNK: usize = 1 << 20;
/// Chunks that are kept in memory.
const IN_MEMORY: usize = 64;

/// What was read, to be read again.
#[derive(Clone)]
pub struct Spool(Arc<Chunks>);

struct Chunks {
    memory: Vec<Zeroizing<Vec<u8>>>,
    disk: Option<EncryptedFile>,
    length: u64,
}

/// Chunks in a file.
struct EncryptedFile {
    file: File,
    key: Aead,
}

impl Spool {
    /// Reads `input` to its end. Of what is beyond 64 MiB, the ciphertext goes to a file without a name in `folder`.
    ///
    /// # Errors
    /// Those of reading and writing, and without randomness.
    pub fn fill(input: impl Read, folder: &Path) -> io::Result<Self> {
        Self::fill_beyond(IN_MEMORY, input, || tempfile::tempfile_in(folder))
    }

    fn fill_beyond(
        in_memory: usize,
        mut input: impl Read,
        file: impl FnOnce() -> io::Result<File>,
    ) -> io::Result<Self> {
        let mut chunks = Chunks { memory: Vec::new(), disk: None, length: 0 };
        let mut file = Some(file);
        loop {
            // Room for the tag as well, so that no copy of the plaintext is left behind when it is appended.
            let mut chunk = Zeroizing::new(Vec::with_capacity(CHUNK + TAG_BYTES));
            let count = input.by_ref().take(CHUNK as u64).read_to_end(&mut chunk)?;
            chunks.length += count as u64;
            if count > 0 && chunks.memory.len() < in_memory {
                chunks.memory.push(chunk);
            } else if count > 0 {
                if let Some(file) = file.take() {
                    chunks.disk =
                        Some(EncryptedFile { file: file().map_err(|error| not_kept(&error))?, key: ephemeral_key()? });
                }
                let number = (chunks.length - 1) / CHUNK as u64;
                chunks.disk.as_mut().map_or(Ok(()), |disk| disk.append(number, chunk))?;
            }
            if count < CHUNK {
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
        Box::new(SpoolReader { chunks: Arc::clone(&self.0), next: 0, chunk: Zeroizing::default(), done: 0 })
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Spool({} bytes)", self.0.length)
    }
}

impl Chunks {
    /// The bytes of chunk `number`: none beyond the last one.
    fn length_of(&self, number: u64) -> usize {
        let begin = number.saturating_mul(CHUNK as u64);
        self.length.saturating_sub(begin).min(CHUNK as u64) as usize
    }

    /// Puts chunk `number` into `chunk`.
    fn open(&self, number: u64, chunk: &mut Vec<u8>) -> io::Result<()> {
        chunk.clear();
        let length = self.length_of(number);
        match (self.memory.get(number as usize), &self.disk) {
            (Some(kept), _) => chunk.extend_from_slice(kept),
            (None, Some(disk)) if length > 0 => {
                chunk.resize(length + TAG_BYTES, 0);
                let place = (number - self.memory.len() as u64) * (CHUNK + TAG_BYTES) as u64;
                disk.open(number, place, chunk)?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl EncryptedFile {
    fn append(&mut self, number: u64, mut chunk: Zeroizing<Vec<u8>>) -> io::Result<()> {
        let tag = self.key.seal(nonce(number), &[], &mut chunk).map_err(io::Error::other)?;
        chunk.extend_from_slice(&tag);
        self.file.write_all(&chunk).map_err(|error| not_kept(&error))
    }

    /// Reads a chunk with its tag from `place`; leaves the plaintext.
    fn open(&self, number: u64, place: u64, chunk: &mut Vec<u8>) -> io::Result<()> {
        let changed = || io::Error::new(io::ErrorKind::InvalidData, "its temporary copy was changed");
        self.file.read_exact_at(chunk, place).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => changed(),
            _ => error,
        })?;
        let (text, tag) = chunk.split_last_chunk_mut::<TAG_BYTES>().ok_or_else(changed)?;
        self.key.open(nonce(number), &[], text, tag).map_err(|_| changed())?;
        chunk.truncate(chunk.len() - TAG_BYTES);
        Ok(())
    }
}

fn nonce(number: u64) -> [u8; NONCE_BYTES] {
    let mut nonce = [0; NONCE_BYTES];
    nonce.iter_mut().zip(number.to_le_bytes()).for_each(|(byte, counted)| *byte = counted);
    nonce
}

fn ephemeral_key() -> io::Result<Aead> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    random::from_system().map_err(io::Error::other)?.fill_bytes(key.as_mut_slice());
    Aead::aes_256_gcm(&key).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}

fn not_kept(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("its temporary copy cannot be written: {error}"))
}

/// One reading from beginning to end.
struct SpoolReader {
    chunks: Arc<Chunks>,
    next: u64,
    chunk: Zeroizing<Vec<u8>>,
    /// Bytes of the chunk that were given away.
    done: usize,
}

impl Read for SpoolReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.done == self.chunk.len() {
            self.chunks.open(self.next, &mut self.chunk)?;
            (self.next, self.done) = (self.next + 1, 0);
        }
        let count = self.chunk.get(self.done..).unwrap_or_default().read(buffer)?;
        self.done += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that are the same nowhere within a chunk.
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
    fn every_pass_gives_what_came_in() {
        for count in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5] {
            let content = bytes(count);
            for in_memory in [0, 1, 4] {
                let (spool, file) = spool(&content, in_memory);
                assert_eq!(spool.length(), count as u64);
                assert!(read(&spool).unwrap() == content && read(&spool).unwrap() == content, "{count} {in_memory}");
                let on_disk = count.saturating_sub(in_memory * CHUNK);
                assert_eq!(file.metadata().unwrap().len() as usize, on_disk + on_disk.div_ceil(CHUNK) * TAG_BYTES);
            }
        }
    }

    #[test]
    fn nothing_of_it_is_on_disk_in_the_clear() {
        let content = bytes(2 * CHUNK);
        let (_spool, file) = spool(&content, 0);
        let mut stored = vec![0; file.metadata().unwrap().len() as usize];
        file.read_exact_at(&mut stored, 0).unwrap();
        let words: std::collections::HashSet<&[u8]> = content.chunks_exact(8).collect();
        assert!(!stored.windows(8).any(|window| words.contains(window)));
    }

    #[test]
    fn what_was_changed_on_disk_is_an_error() {
        let content = bytes(3 * CHUNK);
        let sealed = (CHUNK + TAG_BYTES) as u64;
        let flip = |file: &File, place: u64| {
            let mut byte = [0];
            file.read_exact_at(&mut byte, place).unwrap();
            file.write_all_at(&[byte[0] ^ 1], place).unwrap();
        };
        let exchange = |file: &File| {
            let mut chunks = [vec![0; CHUNK + TAG_BYTES], vec![0; CHUNK + TAG_BYTES]];
            chunks.iter_mut().zip([0, sealed]).for_each(|(chunk, place)| file.read_exact_at(chunk, place).unwrap());
            chunks.iter().zip([sealed, 0]).for_each(|(chunk, place)| file.write_all_at(chunk, place).unwrap());
        };
        let changes: [&dyn Fn(&File); 6] = [
            &|file| flip(file, 0),
            &|file| flip(file, sealed - 1),
            &|file| flip(file, 2 * sealed - 5),
            &|file| file.set_len(3 * sealed - 1).unwrap(),
            &|file| file.set_len(2 * sealed).unwrap(),
            &exchange,
        ];
        for (number, change) in changes.iter().enumerate() {
            let (spool, file) = spool(&content, 0);
            change(&file);
            assert_eq!(read(&spool).unwrap_err().kind(), io::ErrorKind::InvalidData, "change {number}");
        }
    }

    #[test]
    fn spools_have_keys_of_their_own() {
        let content = bytes(CHUNK);
        let stored = [0, 1].map(|_| {
            let (_spool, file) = spool(&content, 0);
            let mut stored = vec![0; CHUNK];
            file.read_exact_at(&mut stored, 0).unwrap();
            stored
        });
        assert!(stored[0] != stored[1]);
    }
}
