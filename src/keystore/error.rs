//! What can be wrong with the state.

use std::io;
use std::path::Path;

use super::key_name::ParseKeyNameError;
use crate::crypto::{EncryptError, KeyError, PemError};
use crate::package::JobId;

/// Why the state does not give what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// The system refused.
    #[error("cannot use {place}")]
    Io {
        /// What.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// No job at all.
    #[error("there is no job in {state}")]
    NoJobs {
        /// Which state.
        state: String,
    },
    /// No job of this name, now or before.
    #[error("there is no job {name} in {state}")]
    Unknown {
        /// As asked for.
        name: String,
        /// Which state.
        state: String,
    },
    /// A name that begins several jobs'.
    #[error("{name} is the beginning of {count} jobs' names")]
    Ambiguous {
        /// As asked for.
        name: String,
        /// How many.
        count: usize,
    },
    /// A job that was here.
    #[error("job {0} was forgotten: its key is gone, and its result with it")]
    Forgotten(JobId),
    /// A job whose secrets are not there or not readable as such.
    #[error("the key of job {job} is lost ({reason}): nobody can decrypt its result any more")]
    LostKey {
        /// Which job.
        job: JobId,
        /// What was found instead.
        reason: String,
    },
    /// A record that cannot be read.
    #[error("the record of job {job} is damaged: {reason}")]
    DamagedRecord {
        /// Which job.
        job: JobId,
        /// How.
        reason: String,
    },
    /// A job whose files have the format of another version of this program.
    #[error(
        "job {job} was made by another version of hestat (its files have format {found}, this version reads {expected})"
    )]
    OtherVersion {
        /// Which job.
        job: JobId,
        /// Format version of the job's files.
        found: u16,
        /// Format version that this program reads.
        expected: u16,
    },
    /// Another process has the job's lock.
    #[error("another hestat is working on job {0}")]
    Busy(JobId),
    /// The secrets are under a passphrase, and none was given.
    #[error("the key of job {0} is protected by a passphrase")]
    PassphraseNeeded(JobId),
    /// A wrong passphrase.
    #[error("the passphrase does not open the key of job {0}")]
    WrongPassphrase(JobId),
    /// No certificate can be made.
    #[error("no certificate can be made for these names: {0}")]
    Certificate(String),
    /// A passphrase cannot be used.
    #[error("the key cannot be put under the passphrase: {0}")]
    Seal(#[from] EncryptError),
    /// A name that no key can have.
    #[error(transparent)]
    KeyName(#[from] ParseKeyNameError),
    /// No key of this name.
    #[error("there is no key in {place}")]
    NoKey {
        /// Where it would be.
        place: String,
    },
    /// A name that a key has already.
    #[error("there is a key in {place} already")]
    NameTaken {
        /// Where.
        place: String,
    },
    /// A file that gives no private key.
    #[error("cannot use the key in {place}")]
    KeyFile {
        /// Which.
        place: String,
        /// Why.
        source: PemError,
    },
    /// A key that is weak or of another kind.
    #[error("cannot use the key in {place}")]
    Key {
        /// Which file.
        place: String,
        /// Why.
        source: KeyError,
    },
    /// A public key beside a private one that is not its own.
    #[error("{place} does not hold the public key of the private key beside it")]
    OtherPublicKey {
        /// Which file.
        place: String,
    },
    /// No new key.
    #[error(transparent)]
    NewKey(#[from] KeyError),
}

impl KeyStoreError {
    /// For `map_err`: an error of the system at `place`.
    pub(super) fn io(place: &Path) -> impl Fn(io::Error) -> Self {
        let place = place.display().to_string();
        move |source| Self::Io { place: place.clone(), source }
    }

    /// For `map_err`: no key that can be used at `place`.
    pub(super) fn key(place: &Path) -> impl Fn(KeyError) -> Self + use<> {
        let place = place.display().to_string();
        move |source| Self::Key { place: place.clone(), source }
    }
}
