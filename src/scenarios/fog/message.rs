//! The message at the client: split into parts, and reassembled from tokens that match what was sent.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::error::{FogError, NodeFailure};
use super::files::{Files, MESSAGE, MessageFiles};
use super::part::{ChunkHeader, MessageId, PartHead};
use super::source::Source;
use crate::crypto::{KeyFingerprint, RsaPrivateKey, jwe};
use crate::foundation::atomic::{AtomicFile, start_writeback};
use crate::foundation::random;
use crate::wire::runtime::blocking;

/// A message whose parts are being encrypted.
pub(super) struct Message {
    pub(super) id: MessageId,
    /// Its parts in order.
    pub(super) assignments: Vec<Assignment>,
    assembly: Arc<Assembly>,
    reassembled: AtomicFile,
}

/// What all parts have in common: the data to send, and the key and files for what comes back.
pub(super) struct Assembly {
    source: Source,
    pub(super) key: RsaPrivateKey,
    /// The fingerprint of the public key.
    kid: String,
    files: MessageFiles,
    /// The file that verified chunks are written to.
    reassembled: File,
}

/// One part, as it is assigned to a node.
#[derive(Clone)]
pub(super) struct Assignment {
    pub(super) head: PartHead,
    /// The part's offset in the message.
    begin: u64,
    pub(super) assembly: Arc<Assembly>,
}

/// The tokens of a part that have come back and been verified.
pub(super) struct VerifiedTokens {
    file: AtomicFile,
    /// The plaintext of the last token, kept for its buffer.
    plaintext: Vec<u8>,
}

/// A part that was encrypted by a node.
#[derive(Debug, Clone)]
pub struct PartReport {
    /// The fingerprint of the node.
    pub node: KeyFingerprint,
    /// The part's length in bytes.
    pub bytes: u64,
    /// The file with its tokens.
    pub file: PathBuf,
}

impl Message {
    /// Splits `source` into `parts` parts with chunks of at most `chunk` bytes, and creates the file for the
    /// reassembled message.
    pub(super) fn new(
        source: Source,
        parts: u32,
        chunk: Option<u32>,
        key: RsaPrivateKey,
        files: &Files<'_>,
    ) -> Result<Self, FogError> {
        let id = MessageId::draw(&mut random::from_system()?);
        let files = files.message(id, key.public_key())?;
        let reassembled = files.create(MESSAGE)?;
        let handle = reassembled.handle().map_err(files.error(MESSAGE))?;
        let ranges = source.split(parts).map_err(FogError::file(source.name()))?;
        let kid = key.public_key().fingerprint().to_string();
        let assembly = Arc::new(Assembly { source, key, kid, files, reassembled: handle });
        let lengths: Vec<u64> = ranges.iter().map(|range| range.end - range.start).collect();
        let heads = PartHead::of_message(id, &lengths, chunk).into_iter().zip(ranges);
        let assignments = heads
            .map(|(head, range)| Assignment { head, begin: range.start, assembly: Arc::clone(&assembly) })
            .collect();
        Ok(Self { id, assignments, assembly, reassembled })
    }

    /// Commits the reassembled message once all parts are verified. Returns its path.
    pub(super) async fn commit(self) -> Result<PathBuf, FogError> {
        // The file may have changed after its last part was verified.
        if self.assembly.source.has_changed() {
            return Err(self.assembly.changed());
        }
        blocking(move || self.reassembled.commit_unique()).await.map_err(self.assembly.files.error(MESSAGE))
    }
}

impl Assembly {
    /// Returns the error for a failed read: a file that was truncated has changed.
    fn read_error(&self, error: io::Error) -> FogError {
        if self.source.has_changed() { self.changed() } else { FogError::file(self.source.name())(error) }
    }

    fn changed(&self) -> FogError {
        FogError::Changed { name: self.source.name().into() }
    }
}

impl Assignment {
    /// Reads chunk `number` into `chunk`.
    pub(super) fn read_chunk(&self, number: u64, chunk: &mut Vec<u8>) -> Result<(), FogError> {
        chunk.resize(self.head.chunk_len(number), 0);
        let offset = self.begin + self.head.range(number).start;
        self.assembly.source.read(offset, chunk).map_err(|error| self.assembly.read_error(error))
    }

    /// Creates the file for the part's tokens.
    pub(super) fn create_token_file(&self) -> Result<VerifiedTokens, FogError> {
        let file = self.assembly.files.create(&self.head.token_file_name())?;
        Ok(VerifiedTokens { file, plaintext: Vec::new() })
    }

    /// Decrypts the token of chunk `number`, compares it with what was sent, and writes both to their files.
    pub(super) fn verify(&self, number: u64, token: &[u8], verified: &mut VerifiedTokens) -> Result<(), NodeFailure> {
        let Assembly { source, key, kid, files, reassembled } = self.assembly.as_ref();
        let VerifiedTokens { file, plaintext } = verified;
        let opened = jwe::open_into::<ChunkHeader>(plaintext, key, token);
        let header = opened.map_err(|_| NodeFailure::Misbehaved("a token cannot be decrypted"))?;
        if header != self.head.header(number, kid) {
            return Err(NodeFailure::Misbehaved("a token has the wrong header"));
        }
        let (begin, length) = (self.begin + self.head.range(number).start, self.head.chunk_len(number));
        let is_intact = plaintext.len() == length
            && source.contains_at(begin, plaintext).map_err(|error| self.assembly.read_error(error))?;
        if !is_intact {
            return Err(if source.has_changed() {
                self.assembly.changed().into()
            } else {
                NodeFailure::Misbehaved("a token contains something other than what was sent")
            });
        }
        reassembled.write_all_at(plaintext, begin).map_err(files.error(MESSAGE))?;
        let written = file.write_all(token).and_then(|()| file.write_all(b"\n"));
        written.map_err(files.error(&self.head.token_file_name()))?;
        start_writeback(reassembled, begin, length as u64);
        file.start_writeback(token.len() as u64 + 1);
        Ok(())
    }

    /// Commits the file with the part's tokens. Returns its path.
    pub(super) async fn commit(&self, verified: VerifiedTokens) -> Result<PathBuf, FogError> {
        let committed = blocking(move || verified.file.commit_unique()).await;
        committed.map_err(self.assembly.files.error(&self.head.token_file_name()))
    }
}
