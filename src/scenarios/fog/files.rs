//! Files of a client or node: a directory for each message, and the journal.
//!
//! ```text
//! <out>/journal.jsonl
//!       <message>/public-key.pem
//!                 part-1-of-2          at a node: the part as received
//!                 part-1-of-2.jwe      at the node and the client: one token per line
//!                 message              at the client, once it is complete
//! ```
//! Nothing is overwritten: if a name is taken, the new file is called `<name>.2`, and so on.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::FogError;
use super::journal::{self, Event};
use super::part::MessageId;
use crate::crypto::RsaPublicKey;
use crate::foundation::atomic::{self, Access, AtomicFile};
use crate::foundation::clock::Clock;
use crate::foundation::fs::sync_parent;

/// The name of the file with the reassembled message.
pub(super) const MESSAGE: &str = "message";

const PUBLIC_KEY: &str = "public-key.pem";

/// The output directory.
pub(super) struct Files<'c> {
    root: PathBuf,
    /// Gives the times in the journal.
    clock: &'c dyn Clock,
}

impl<'c> Files<'c> {
    /// Opens or creates the directory `root`, and removes temporary files of processes that were killed.
    pub(super) fn open(root: &Path, clock: &'c dyn Clock) -> Result<Self, FogError> {
        create_directory(root).map_err(FogError::file(root.display()))?;
        remove_stale(root);
        journal::open(root).map_err(FogError::file(root.join(journal::NAME).display()))?;
        Ok(Self { root: root.into(), clock })
    }

    /// Appends an event to the journal.
    pub(super) fn record(&self, event: &Event<'_>) -> Result<(), FogError> {
        let written = journal::record(&self.root, self.clock.now(), event);
        written.map_err(FogError::file(self.root.join(journal::NAME).display()))
    }

    /// Creates the directory of a message, with the public key in it.
    pub(super) fn message(&self, message: MessageId, key: &RsaPublicKey) -> Result<MessageFiles, FogError> {
        let files = MessageFiles { directory: self.root.join(message.to_string()) };
        create_directory(&files.directory).map_err(FogError::file(files.directory.display()))?;
        let pem = key.pem();
        // If a part is assigned to the same node again, the key is already there.
        if fs::read(files.directory.join(PUBLIC_KEY)).is_ok_and(|existing| existing == pem.as_bytes()) {
            return Ok(files);
        }
        let mut file = files.create(PUBLIC_KEY)?;
        let written = file.write_all(pem.as_bytes()).and_then(|()| file.commit_unique());
        written.map_err(files.error(PUBLIC_KEY))?;
        Ok(files)
    }
}

/// Creates a directory if it does not exist, and syncs its parent.
fn create_directory(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(directory)?;
    // The parent may not be readable. Then it cannot be synced.
    let _ = sync_parent(directory);
    Ok(())
}

/// Removes temporary files in the directories of messages. Files that cannot be removed do no harm.
fn remove_stale(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_directory && entry.file_name().to_str().is_some_and(MessageId::is_valid) {
            let _ = atomic::remove_stale(&entry.path());
        }
    }
}

/// The directory of one message.
#[derive(Debug, Clone)]
pub(super) struct MessageFiles {
    directory: PathBuf,
}

impl MessageFiles {
    /// Creates a temporary file that will be called `name`.
    pub(super) fn create(&self, name: &str) -> Result<AtomicFile, FogError> {
        AtomicFile::create_locked(&self.directory.join(name), Access::Shared).map_err(self.error(name))
    }

    /// For `map_err`: an I/O error of the file `name`.
    pub(super) fn error(&self, name: &str) -> impl FnOnce(io::Error) -> FogError + use<> {
        FogError::file(self.directory.join(name).display().to_string())
    }
}
