//! The state directory, its keys and its jobs.

use super::Explain;
use super::codes::{JOB, LOCAL, USAGE};
use crate::crypto::{KeyError, PemError};
use crate::keystore::KeyStoreError;

impl Explain for KeyStoreError {
    fn explain(&self) -> (u8, Option<String>) {
        let say = |text: &str| Some(text.to_owned());
        let next = match self {
            KeyStoreError::Io { .. } => {
                return (LOCAL, say("Check the path, its permissions and the free space on its disk."));
            }
            KeyStoreError::NoJobs { .. } => say("Make one with hestat init, or name the right state with --state."),
            KeyStoreError::Unknown { .. } | KeyStoreError::Ambiguous { .. } => {
                say("hestat jobs lists the names of all jobs.")
            }
            KeyStoreError::Forgotten(_) => say("Encrypt the data again with hestat init."),
            KeyStoreError::LostKey { job, .. } => {
                Some(format!("Clean up with hestat forget {job}, and encrypt the data again with hestat init."))
            }
            KeyStoreError::DamagedRecord { job, .. } => Some(format!("Clean up with: hestat forget {job}")),
            KeyStoreError::OtherVersion { job, .. } => Some(format!(
                "Use that version of hestat for it; or use hestat forget {job}, and encrypt the data again."
            )),
            KeyStoreError::Certificate(_) => {
                return (USAGE, say("Give names and addresses of this server with --name."));
            }
            KeyStoreError::Busy(_) => say("Wait for the other command to end."),
            KeyStoreError::PassphraseNeeded(_) => {
                say("Give it with --passphrase-file, or on a terminal with --passphrase.")
            }
            KeyStoreError::WrongPassphrase(_) | KeyStoreError::Seal(_) => say("Try again with the right passphrase."),
            KeyStoreError::KeyName(_) => return (USAGE, say("See --help.")),
            KeyStoreError::NoKey { .. } => {
                say("hestat identity show lists those that are there; hestat identity new makes one.")
            }
            KeyStoreError::NameTaken { .. } => {
                say("No key is ever replaced: give another name, or move that file away.")
            }
            KeyStoreError::KeyFile { source, .. } => say(pem(*source)),
            KeyStoreError::Key { source: KeyError::TooSmall { .. } | KeyError::TooLarge { .. }, .. } => {
                say("Make another with: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out FILE")
            }
            KeyStoreError::Key { .. } => {
                say("Restore the file, or name another; one in the state may be moved away for a new key.")
            }
            KeyStoreError::OtherPublicKey { .. } => {
                say("Somebody has exchanged one of the two. Restore them together, or move both away for new ones.")
            }
            KeyStoreError::NewKey(_) => return (LOCAL, None),
        };
        (JOB, next)
    }
}

fn pem(error: PemError) -> &'static str {
    match error {
        PemError::NotPem => {
            "Restore the file, or move it away for a new key; one of your own is a private key in PEM (PKCS#8)."
        }
        PemError::Pkcs1 => "Bring it into the form of today with: openssl pkcs8 -topk8 -in OLD -out NEW",
        PemError::PassphraseNeeded => {
            "Give it with --passphrase-file (of a key named by --key: --key-passphrase-file), or on a terminal."
        }
        PemError::Unsupported | PemError::CostTooHigh => {
            "Encrypt it anew with: openssl pkcs8 -topk8 -v2 aes256 -in OLD -out NEW"
        }
        PemError::CannotOpen => "Try again with the right passphrase.",
    }
}
