//! Exit codes and next steps for errors of the state directory, its keys and its jobs.

use super::Explain;
use super::codes::{JOB, LOCAL, USAGE};
use crate::crypto::{KeyError, PemError};
use crate::keystore::KeyStoreError;

impl Explain for KeyStoreError {
    fn explain(&self) -> (u8, Option<String>) {
        (code(self), next_step(self))
    }
}

fn code(error: &KeyStoreError) -> u8 {
    match error {
        KeyStoreError::Io { .. } | KeyStoreError::NewKey(_) => LOCAL,
        KeyStoreError::Certificate(_) | KeyStoreError::KeyName(_) => USAGE,
        _ => JOB,
    }
}

fn next_step(error: &KeyStoreError) -> Option<String> {
    Some(match error {
        KeyStoreError::Io { .. } => "Check the path, its permissions and the free space on its disk.".into(),
        KeyStoreError::NoJobs { .. } => {
            "Create one with hestat init, or give the right state directory with --state.".into()
        }
        KeyStoreError::Unknown { .. } | KeyStoreError::Ambiguous { .. } => {
            "hestat jobs lists the IDs of all jobs.".into()
        }
        KeyStoreError::Forgotten(_) => "Encrypt the data again with hestat init.".into(),
        KeyStoreError::LostKey { job, .. } => {
            format!("Clean up with hestat forget {job}, and encrypt the data again with hestat init.")
        }
        KeyStoreError::DamagedRecord { job, .. } => format!("Clean up with: hestat forget {job}"),
        KeyStoreError::OtherVersion { job, .. } => {
            format!("Use that version of hestat, or clean up with hestat forget {job} and encrypt the data again.")
        }
        KeyStoreError::Certificate(_) => "Give names and addresses of this server with --name.".into(),
        KeyStoreError::Busy(_) => "Wait for the other command to end.".into(),
        KeyStoreError::PassphraseNeeded(_) => {
            "Give it with --passphrase-file, or on a terminal with --passphrase.".into()
        }
        KeyStoreError::WrongPassphrase(_) | KeyStoreError::Encrypt(_) => "Try again with the right passphrase.".into(),
        KeyStoreError::KeyName(_) => "See --help.".into(),
        KeyStoreError::NoKey { .. } => {
            "hestat identity show lists the existing keys; hestat identity new creates one.".into()
        }
        KeyStoreError::NameTaken { .. } => "No key is ever replaced: give another name, or move that file away.".into(),
        KeyStoreError::KeyFile { source, .. } => pem_next_step(*source).into(),
        KeyStoreError::Key { source: KeyError::TooSmall { .. } | KeyError::TooLarge { .. }, .. } => {
            "Create another with: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out FILE".into()
        }
        KeyStoreError::Key { .. } => {
            "Restore the file or give another one. To get a new key, move the file in the state directory away.".into()
        }
        KeyStoreError::PublicKeyMismatch { .. } => {
            "One of the two files was exchanged. Restore them together, or move both away to get new ones.".into()
        }
        KeyStoreError::NewKey(_) => return None,
    })
}

fn pem_next_step(error: PemError) -> &'static str {
    match error {
        PemError::NotPem => {
            "Restore the file, or move it away to get a new key. A key of your own must be a private key in PEM \
             (PKCS#8)."
        }
        PemError::Pkcs1 => "Convert it to PKCS#8 with: openssl pkcs8 -topk8 -in OLD -out NEW",
        PemError::PassphraseNeeded => {
            "Give it with --passphrase-file (for a key given with --key: --key-passphrase-file), or on a terminal."
        }
        PemError::Unsupported | PemError::CostTooHigh => {
            "Encrypt it again with: openssl pkcs8 -topk8 -v2 aes256 -in OLD -out NEW"
        }
        PemError::WrongPassphrase => "Try again with the right passphrase.",
    }
}
