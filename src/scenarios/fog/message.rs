//! The message: cut into parts on its way out, one file again on its way back.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::assembly::{Assembly, Assignment};
use super::chunk::chunk_bytes;
use super::error::FogError;
use super::files::{Files, MESSAGE, MessageFiles};
use super::id::MessageId;
use super::parts::cut;
use super::protocol::PartHead;
use super::source::Source;
use crate::crypto::RsaPrivateKey;
use crate::foundation::atomic::AtomicFile;
use crate::foundation::random;
use crate::wire::runtime::blocking;

/// A message on its way.
pub(super) struct Message {
    id: MessageId,
    parts: Vec<Range<u64>>,
    /// How long its chunks are to be, if that matters.
    chunk: Option<u32>,
    assembly: Arc<Assembly>,
    whole: AtomicFile,
    folder: MessageFiles,
}

impl Message {
    /// Cuts it into so many parts, of chunks of at most so many bytes if that matters, and begins the file that it comes back to.
    pub(super) fn cut(
        source: Source,
        parts: u32,
        chunk: Option<u32>,
        key: RsaPrivateKey,
        files: &Files<'_>,
    ) -> Result<Self, FogError> {
        let id = MessageId::draw(&mut random::from_system()?);
        let folder = files.message(id, key.public_key())?;
        let whole = folder.begin(MESSAGE)?;
        let message = whole.handle().map_err(folder.failed(MESSAGE))?;
        let parts = cut(&source, parts).map_err(FogError::file(source.name()))?;
        let kid = key.public_key().fingerprint().to_string();
        let assembly = Arc::new(Assembly { source, key, kid, files: folder.clone(), message });
        Ok(Self { id, parts, chunk, assembly, whole, folder })
    }

    /// What it is called.
    pub(super) fn id(&self) -> MessageId {
        self.id
    }

    /// Its length.
    pub(super) fn bytes(&self) -> u64 {
        self.assembly.source.length()
    }

    /// Its parts, in order.
    pub(super) fn assignments(&self) -> Vec<Assignment> {
        let (message, parts) = (self.id, self.parts.len() as u32);
        let length = |place: &Range<u64>| place.end - place.start;
        let chunk = chunk_bytes(parts, self.parts.iter().map(length).max().unwrap_or_default(), self.chunk);
        let assignment = |(place, part): (&Range<u64>, u32)| {
            let head = PartHead { message, part, parts, length: length(place), chunk };
            Assignment { head, begin: place.start, assembly: Arc::clone(&self.assembly) }
        };
        self.parts.iter().zip(1..).map(assignment).collect()
    }

    /// Puts the file on disk under its name, now that all parts are in it; returns where.
    pub(super) async fn keep(self) -> Result<PathBuf, FogError> {
        let source = &self.assembly.source;
        if source.has_changed() {
            return Err(FogError::Changed { name: source.name().into() });
        }
        blocking(move || self.whole.commit_unique()).await.map_err(self.folder.failed(MESSAGE))
    }
}
