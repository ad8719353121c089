//! What comes back: each chunk is decrypted, compared with what was sent, and put in its place.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::chunk::ChunkHeader;
use super::error::FogError;
use super::fault::Fault;
use super::files::MessageFiles;
use super::protocol::PartHead;
use super::source::Source;
use crate::crypto::{RsaPrivateKey, jwe};
use crate::foundation::atomic::AtomicFile;

/// The name of the file with the message that has come back.
pub(super) const MESSAGE: &str = "message";

/// All that it takes to judge what nodes answer.
pub(super) struct Assembly {
    /// What was sent.
    pub(super) source: Arc<Source>,
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

impl Assignment {
    /// What chunk `number` is.
    pub(super) fn chunk(&self, number: u64) -> Result<Vec<u8>, FogError> {
        let place = self.head.place(number);
        let source = &self.assembly.source;
        let length = (place.end - place.start) as usize;
        source
            .read(self.begin + place.start, length)
            .map_err(|error| if source.has_changed() { self.changed() } else { FogError::file(source.name())(error) })
    }

    /// Takes the token of chunk `number`, if it holds just that, and appends it to `tokens`.
    pub(super) fn take(&self, number: u64, token: &[u8], mut tokens: AtomicFile) -> Result<AtomicFile, Fault> {
        let Assembly { source, key, kid, files, message } = self.assembly.as_ref();
        let opened = jwe::open::<ChunkHeader>(key, token);
        let (header, plaintext) = opened.map_err(|_| Fault::Dishonest("what it answers does not open"))?;
        if header != self.head.header(number, kid) {
            return Err(Fault::Dishonest("its answer belongs somewhere else"));
        }
        if plaintext != self.chunk(number)? {
            return Err(if source.has_changed() {
                self.changed().into()
            } else {
                Fault::Dishonest("what it answers is not what was sent")
            });
        }
        let place = self.begin + self.head.place(number).start;
        message.write_all_at(&plaintext, place).map_err(files.failed(MESSAGE))?;
        let written = tokens.write_all(token).and_then(|()| tokens.write_all(b"\n"));
        written.map_err(files.failed(&self.head.token_file_name()))?;
        Ok(tokens)
    }

    fn changed(&self) -> FogError {
        FogError::Changed { name: self.assembly.source.name().into() }
    }
}
