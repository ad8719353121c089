//! The stages that every fog message needs, each measured alone, with the same libraries and chunks.

use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::Simd;
use base64::engine::general_purpose::NO_PAD;
use hestat::crypto::aead::Aead;
use hestat::crypto::{RsaBits, RsaPrivateKey};
use hestat::foundation::atomic::start_writeback;

use crate::cores::{processor_seconds, seconds};
use crate::tls_baseline::TlsBaseline;

/// Bytes per chunk of a message that has up to 16 parts.
pub(crate) const CHUNK: usize = 4 << 20;

/// The stages of a message of `chunks` chunks.
pub(crate) struct Stages<'m> {
    message: &'m Path,
    chunks: usize,
    key: RsaPrivateKey,
    tls: TlsBaseline,
}

impl<'m> Stages<'m> {
    /// Prepares the stages of the message in this file.
    pub(crate) fn new(message: &'m Path, chunks: usize) -> Self {
        let key = RsaPrivateKey::generate(RsaBits::Rsa3072).expect("there is randomness");
        Self { message, chunks, key, tls: TlsBaseline::for_links() }
    }

    /// Returns the processor seconds of reading, TLS, cipher, base64, RSA and writing, then the wall-clock seconds of
    /// writing.
    pub(crate) fn times(&self, directory: &Path) -> [f64; 7] {
        let (writing, elapsed) = self.writing(directory);
        [self.reading(), self.tls(), self.cipher(), self.base64(), self.rsa(), writing, elapsed]
    }

    /// Reads the message once from the page cache.
    fn reading(&self) -> f64 {
        let mut file = File::open(self.message).expect("it was just created");
        let mut chunk = vec![0; CHUNK];
        self.each_chunk(|| file.read_exact(black_box(&mut chunk)).expect("the file is long enough"))
    }

    /// Sends the message to the nodes and its base64 form back; counts both ends.
    fn tls(&self) -> f64 {
        let (sent, returned) = ((self.chunks * CHUNK) as u64, (self.chunks * base64_bytes()) as u64);
        processor_seconds(|| {
            for bytes in [sent, returned] {
                self.tls.copy(bytes);
            }
        })
    }

    /// Seals and opens each chunk with AES-256-GCM.
    fn cipher(&self) -> f64 {
        let cipher = Aead::aes_256_gcm(&[7; 32]).expect("memory is available");
        let mut chunk = vec![7; CHUNK];
        self.each_chunk(|| {
            let tag = cipher.seal([0; 12], b"", black_box(&mut chunk)).expect("the input is short");
            cipher.open([0; 12], b"", black_box(&mut chunk), &tag).expect("it was just sealed");
        })
    }

    /// Encodes and decodes each chunk as base64url.
    fn base64(&self) -> f64 {
        let engine = Simd::url_safe(NO_PAD);
        let (mut chunk, mut text) = (vec![7; CHUNK], vec![0; base64_bytes()]);
        self.each_chunk(|| {
            engine.encode_slice(black_box(&chunk), &mut text).expect("the buffer is large enough");
            engine.decode_slice(black_box(&text), &mut chunk).expect("it was just encoded");
        })
    }

    /// Wraps and unwraps a key for each chunk with RSA-OAEP.
    fn rsa(&self) -> f64 {
        self.each_chunk(|| {
            let wrapped = self.key.public_key().encrypt(black_box(&[7; 32])).expect("the input is short");
            black_box(self.key.decrypt(&wrapped).expect("it was just wrapped"));
        })
    }

    /// Writes and syncs all files of a message: part and tokens on nodes, tokens and message on the client. Writeback
    /// starts while more data follows. Returns processor and wall-clock seconds.
    fn writing(&self, directory: &Path) -> (f64, f64) {
        let content: Vec<u8> = (0..base64_bytes()).map(|index| (index % 251) as u8).collect();
        let sizes = [CHUNK, base64_bytes(), base64_bytes(), CHUNK];
        let files = sizes.map(|bytes| (unnamed_file(directory), &content[..bytes]));
        let write = || {
            for number in 0..self.chunks {
                for (file, bytes) in &files {
                    let (mut file, length) = (file, bytes.len() as u64);
                    file.write_all(bytes).expect("there is enough space");
                    start_writeback(file, number as u64 * length, length);
                }
            }
            for (file, _) in &files {
                file.sync_all().expect("the file can be synced");
            }
        };
        let mut processor = 0.0;
        let elapsed = seconds(|| processor = processor_seconds(write));
        (processor, elapsed)
    }

    fn each_chunk(&self, mut work: impl FnMut()) -> f64 {
        processor_seconds(|| (0..self.chunks).for_each(|_| work()))
    }
}

/// Returns the number of base64 characters per chunk.
fn base64_bytes() -> usize {
    base64::encoded_len(CHUNK, false).expect("the input is short")
}

/// Creates an unnamed file, which is deleted when closed.
fn unnamed_file(directory: &Path) -> File {
    tempfile::tempfile_in(directory).expect("the directory is writable")
}
