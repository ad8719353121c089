//! What comes back: each chunk is decrypted, compared with what was sent, and put in its place.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::chunk::ChunkHeader;
use super::error::FogError;
use super::files::{MESSAGE, MessageFiles};
use super::node_failure::NodeFailure;
use super::protocol::PartHead;
use super::source::Source;
use crate::crypto::{RsaPrivateKey, jwe};
use crate::foundation::atomic::{AtomicFile, start_writeback};

/// All that it takes to judge what nodes answer.
pub(super) struct Assembly {
    /// What was sent.
    pub(super) source: Source,
    /// What opens tokens.
    pub(super) key: RsaPrivateKey,
    /// The fingerprint of its public key.
    pub(super) kid: String,
    /// Where files go.
    pub(super) files: MessageFiles,
    /// The message, as far as it is back.
    pub(super) message: File,
}

/// One part, on its way to a node and back.
#[derive(Clone)]
pub(super) struct Assignment {
    /// Which part.
    pub(super) head: PartHead,
    /// Where it begins in the message.
    pub(super) begin: u64,
    /// What it belongs to.
    pub(super) assembly: Arc<Assembly>,
}

/// What the tokens of a part are taken with.
pub(super) struct Intake {
    /// Where they are kept.
    pub(super) tokens: AtomicFile,
    /// That of the last one.
    plaintext: Vec<u8>,
}

impl Assignment {
    /// Makes `chunk` what chunk `number` is.
    pub(super) fn chunk(&self, number: u64, chunk: &mut Vec<u8>) -> Result<(), FogError> {
        let place = self.head.place(number);
        chunk.resize((place.end - place.start) as usize, 0);
        self.assembly.source.read(self.begin + place.start, chunk).map_err(|error| self.unreadable(error))
    }

    /// The file for its tokens, and room for what they hold.
    pub(super) fn intake(&self) -> Result<Intake, FogError> {
        let tokens = self.assembly.files.begin(&self.head.token_file_name())?;
        Ok(Intake { tokens, plaintext: Vec::new() })
    }

    /// Takes the token of chunk `number`, if it holds just that.
    pub(super) fn take(&self, number: u64, token: &[u8], intake: &mut Intake) -> Result<(), NodeFailure> {
        let Assembly { source, key, kid, files, message } = self.assembly.as_ref();
        let Intake { tokens, plaintext } = intake;
        let opened = jwe::open_into::<ChunkHeader>(plaintext, key, token);
        let header = opened.map_err(|_| NodeFailure::Dishonest("what it answers does not open"))?;
        if header != self.head.header(number, kid) {
            return Err(NodeFailure::Dishonest("its answer belongs somewhere else"));
        }
        let place = self.head.place(number);
        let (begin, length) = (self.begin + place.start, place.end - place.start);
        let is_right = plaintext.len() as u64 == length
            && source.holds(begin, plaintext).map_err(|error| self.unreadable(error))?;
        if !is_right {
            return Err(if source.has_changed() {
                self.changed().into()
            } else {
                NodeFailure::Dishonest("what it answers is not what was sent")
            });
        }
        message.write_all_at(plaintext, begin).map_err(files.failed(MESSAGE))?;
        let written = tokens.write_all(token).and_then(|()| tokens.write_all(b"\n"));
        written.map_err(files.failed(&self.head.token_file_name()))?;
        start_writeback(message, begin, length);
        tokens.start_writeback(token.len() as u64 + 1);
        Ok(())
    }

    fn unreadable(&self, error: io::Error) -> FogError {
        let source = &self.assembly.source;
        if source.has_changed() { self.changed() } else { FogError::file(source.name())(error) }
    }

    fn changed(&self) -> FogError {
        FogError::Changed { name: self.assembly.source.name().into() }
    }
}
