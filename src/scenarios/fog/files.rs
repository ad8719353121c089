//! The files of one machine: a folder for each message, and the journal.
//!
//! ```text
//! <out>/journal.jsonl
//!       <message>/public-key.pem
//!                 part-1-of-2          at a node: what it was given
//!                 part-1-of-2.jwe      a token a line; at the client too
//!                 message              at the client, when it is whole
//! ```
//! Nothing is overwritten: what has a name keeps it, and what would be the second of that name becomes `….2`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::FogError;
use super::id::MessageId;
use super::journal::{self, Event, Journal};
use super::protocol::PartHead;
use crate::crypto::RsaPublicKey;
use crate::foundation::atomic::{self, Access, AtomicFile};
use crate::foundation::clock::Clock;

/// What the file with the message that has come back is called.
pub(super) const MESSAGE: &str = "message";

/// The folder `--out`.
pub(super) struct Files<'c> {
    root: PathBuf,
    journal: Journal<'c>,
}

impl<'c> Files<'c> {
    /// In `root`, which is made if it is not there. What killed processes were writing there is removed.
    pub(super) fn open(root: &Path, clock: &'c dyn Clock) -> Result<Self, FogError> {
        make(root).map_err(FogError::file(root.display()))?;
        sweep(root);
        let journal = Journal::open(root, clock).map_err(FogError::file(root.join(journal::NAME).display()))?;
        Ok(Self { root: root.into(), journal })
    }

    /// Writes an event down.
    pub(super) fn record(&self, event: &Event<'_>) -> Result<(), FogError> {
        self.journal.record(event).map_err(FogError::file(self.root.join(journal::NAME).display()))
    }

    /// The folder of a message, with the public key in it.
    pub(super) fn message(&self, message: MessageId, key: &RsaPublicKey) -> Result<MessageFiles, FogError> {
        let files = MessageFiles { folder: self.root.join(message.to_string()) };
        make(&files.folder).map_err(FogError::file(files.folder.display()))?;
        let path = files.folder.join("public-key.pem");
        let pem = key.pem();
        // The same part may come twice, and the key with it.
        if fs::read(&path).is_ok_and(|there| there == pem.as_bytes()) {
            return Ok(files);
        }
        let written = files.begin_io("public-key.pem").and_then(|mut file| {
            file.write_all(pem.as_bytes())?;
            file.commit_unique()
        });
        written.map_err(FogError::file(path.display()))?;
        Ok(files)
    }
}

/// Makes a folder that survives a power cut, if it is not there.
fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    // Who may not look into the folder that it is in can do no more.
    drop(atomic::sync_directory(folder));
    Ok(())
}

/// In the folders of messages. What cannot be swept, others' folders say, stays: nothing depends on it.
fn sweep(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && entry.file_name().to_str().is_some_and(MessageId::is_written) {
            drop(atomic::remove_stale(&entry.path()));
        }
    }
}

/// The folder of one message.
#[derive(Debug, Clone)]
pub(super) struct MessageFiles {
    folder: PathBuf,
}

impl MessageFiles {
    /// A file that will be called `name`.
    pub(super) fn begin(&self, name: &str) -> Result<AtomicFile, FogError> {
        self.begin_io(name).map_err(FogError::file(self.folder.join(name).display()))
    }

    fn begin_io(&self, name: &str) -> io::Result<AtomicFile> {
        AtomicFile::create_locked(&self.folder.join(name), Access::Shared)
    }

    /// For `map_err`: an error of the file `name`.
    pub(super) fn failed(&self, name: &str) -> impl FnOnce(io::Error) -> FogError + use<> {
        FogError::file(self.folder.join(name).display().to_string())
    }
}

impl PartHead {
    /// What the file with the part is called.
    pub(super) fn file_name(&self) -> String {
        format!("part-{}-of-{}", self.part, self.parts)
    }

    /// What the file with its tokens is called.
    pub(super) fn token_file_name(&self) -> String {
        format!("{}.jwe", self.file_name())
    }
}
