//! What a message through the fog cannot do without, stage by stage, each alone, with the same libraries and chunks.

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

use crate::bare::Bare;
use crate::cores::{processor_seconds, seconds};

/// Bytes of a chunk of a message that has up to 16 parts.
pub(crate) const CHUNK: usize = 4 << 20;

/// A message, and what its way takes.
pub(crate) struct Stages<'m> {
    message: &'m Path,
    chunks: usize,
    key: RsaPrivateKey,
    tls: Bare,
}

impl<'m> Stages<'m> {
    /// Of the message in this file: so many chunks.
    pub(crate) fn new(message: &'m Path, chunks: usize) -> Self {
        let key = RsaPrivateKey::generate(RsaBits::Rsa3072).expect("there is randomness");
        Self { message, chunks, key, tls: Bare::of_links() }
    }

    /// Processor seconds of reading, TLS, cipher, text, RSA and writing; then seconds of writing by the clock on the wall.
    pub(crate) fn times(&self, place: &Path) -> [f64; 7] {
        let (writing, taken) = self.writing(place);
        [self.reading(), self.tls(), self.cipher(), self.text(), self.rsa(), writing, taken]
    }

    /// Once from the kernel's cache.
    fn reading(&self) -> f64 {
        let mut file = File::open(self.message).expect("it was just made");
        let mut chunk = vec![0; CHUNK];
        self.each_chunk(|| file.read_exact(black_box(&mut chunk)).expect("it is long enough"))
    }

    /// There as it is, back as text; both ends.
    fn tls(&self) -> f64 {
        let (there, back) = ((self.chunks * CHUNK) as u64, (self.chunks * text_bytes()) as u64);
        processor_seconds(|| {
            for bytes in [there, back] {
                self.tls.copy(bytes);
            }
        })
    }

    /// AES-256-GCM, sealed and opened.
    fn cipher(&self) -> f64 {
        let cipher = Aead::aes_256_gcm(&[7; 32]).expect("there is memory");
        let mut chunk = vec![7; CHUNK];
        self.each_chunk(|| {
            let tag = cipher.seal([0; 12], b"", black_box(&mut chunk)).expect("it is short");
            cipher.open([0; 12], b"", black_box(&mut chunk), &tag).expect("it was just sealed");
        })
    }

    /// base64url, written and read.
    fn text(&self) -> f64 {
        let engine = Simd::url_safe(NO_PAD);
        let (mut chunk, mut text) = (vec![7; CHUNK], vec![0; text_bytes()]);
        self.each_chunk(|| {
            engine.encode_slice(black_box(&chunk), &mut text).expect("it fits");
            engine.decode_slice(black_box(&text), &mut chunk).expect("it was just encoded");
        })
    }

    /// RSA-OAEP, a key for each chunk, wrapped and unwrapped.
    fn rsa(&self) -> f64 {
        self.each_chunk(|| {
            let wrapped = self.key.public_key().encrypt(black_box(&[7; 32])).expect("it is short");
            drop(self.key.decrypt(&wrapped).expect("it was just wrapped"));
        })
    }

    /// Every file that there is afterwards, on the disk: part and tokens at nodes, tokens and message at the client. The disk
    /// begins while more is being written.
    fn writing(&self, place: &Path) -> (f64, f64) {
        let content: Vec<u8> = (0..text_bytes()).map(|index| (index % 251) as u8).collect();
        let files = [CHUNK, text_bytes(), text_bytes(), CHUNK].map(|bytes| (unnamed(place), &content[..bytes]));
        let write = || {
            for number in 0..self.chunks {
                for (file, bytes) in &files {
                    let (mut file, length) = (file, bytes.len() as u64);
                    file.write_all(bytes).expect("there is room");
                    start_writeback(file, number as u64 * length, length);
                }
            }
            for (file, _) in &files {
                file.sync_all().expect("the disk works");
            }
        };
        let mut processor = 0.0;
        let taken = seconds(|| processor = processor_seconds(write));
        (processor, taken)
    }

    fn each_chunk(&self, mut work: impl FnMut()) -> f64 {
        processor_seconds(|| (0..self.chunks).for_each(|_| work()))
    }
}

/// Characters of base64 that a chunk takes.
fn text_bytes() -> usize {
    base64::encoded_len(CHUNK, false).expect("it is short")
}

/// A file that is gone when it is closed.
fn unnamed(place: &Path) -> File {
    tempfile::tempfile_in(place).expect("the directory can be written to")
}
