//! How a command ends: a code, and for errors what happened and what to do next.

mod peers;

use std::error::Error;
use std::io;
use std::process::ExitCode;

use super::console::Console;
use crate::crypto::{KeyError, PemError};
use crate::foundation::observer::Stopped;
use crate::foundation::ownership::OwnershipError;
use crate::foundation::threads::NoThreads;
use crate::keystore::KeyStoreError;
use crate::package::PackageError;
use crate::pipeline::PipelineError;
use crate::scenarios::fog::FogError;
use crate::table::TableError;
use crate::transfer::TransferError;
use crate::wire::WireError;

/// The statistics are not those of the clear data.
pub(super) const DIFFERENT: u8 = 1;
/// The arguments do not go together; clap's own code for it.
const USAGE: u8 = 2;
const TABLE: u8 = 3;
const NOT_READY: u8 = 4;
const JOB: u8 = 5;
const SERVER: u8 = 6;
const REFUSED: u8 = 7;
const LOCAL: u8 = 8;
const DAMAGED: u8 = 9;
const FAILED: u8 = 10;
const NO_SERVER: u8 = 11;
const TIMEOUT: u8 = 12;
const WRONG_PASSWORD: u8 = 13;
const UNKNOWN_CERTIFICATE: u8 = 14;
const CHANGED_CERTIFICATE: u8 = 15;
const NO_TLS: u8 = 16;
const DENIED: u8 = 17;
const SERVER_FULL: u8 = 18;
const QUOTA: u8 = 19;
const PROTOCOL: u8 = 20;
const PORT_TAKEN: u8 = 21;
const NO_NODE: u8 = 22;
const NOT_PRIVATE: u8 = 23;
const STOPPED: u8 = 130;

/// What to do where threads cannot be started.
const MORE_THREADS: &str =
    "Allow more memory or threads (ulimit -v, -u), or set RAYON_NUM_THREADS to a smaller number.";

/// Arguments that do not go together, in words that say how they would.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Usage(pub(super) String);

/// Prints what went wrong, if anything, and gives the exit code.
pub(super) fn code(outcome: anyhow::Result<u8>, console: &Console) -> ExitCode {
    let error = match outcome {
        Ok(code) => return code.into(),
        Err(error) => error,
    };
    // Whoever reads our output has seen enough of it.
    if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    let (code, next) = classify(&error);
    console.error(&error, next.as_deref());
    code.into()
}

fn classify(error: &anyhow::Error) -> (u8, Option<String>) {
    let say = |text: &str| Some(text.to_owned());
    if let Some(fault) = error.chain().filter_map(<dyn Error>::downcast_ref).find_map(OwnershipError::inside) {
        return (NOT_PRIVATE, Some(make_private(fault)));
    }
    if let Some(error) = error.downcast_ref::<PipelineError>() {
        return pipeline(error);
    }
    if let Some(error) = error.downcast_ref::<FogError>() {
        return peers::fog(error);
    }
    if let Some(error) = error.downcast_ref::<WireError>() {
        return peers::wire(error);
    }
    if let Some(error) = error.downcast_ref::<KeyStoreError>() {
        return key_store(error);
    }
    if error.is::<NoThreads>() {
        return (LOCAL, say(MORE_THREADS));
    }
    match error.downcast_ref::<Usage>() {
        Some(_) => (USAGE, say("See --help.")),
        None => (LOCAL, None),
    }
}

fn make_private(fault: &OwnershipError) -> String {
    let root = if fault.takes_root() { " (as root)" } else { "" };
    let then = if fault.is_in_anothers_directory() {
        "If that directory is to stay theirs (as with sudo, in their HOME), use a file or directory elsewhere. If it is yours, run"
    } else {
        "Make sure that nobody has changed these. Then run"
    };
    format!(
        "Keys, passwords and known servers and peers are taken only from files that no other user can change. {then}{root}: {}",
        fault.fix()
    )
}

fn pipeline(error: &PipelineError) -> (u8, Option<String>) {
    let say = |text: &str| Some(text.to_owned());
    match error {
        PipelineError::Table(TableError::Stopped(Stopped)) | PipelineError::Stopped(Stopped) => (STOPPED, None),
        PipelineError::Table(error) => (TABLE, Some(error.remedy())),
        PipelineError::Encryption(_) => (TABLE, say("Encrypt fewer columns at once (--columns).")),
        PipelineError::KeyStore(error) => key_store(error),
        PipelineError::Transfer(error) => transfer(error),
        PipelineError::Randomness(_) => (LOCAL, None),
        PipelineError::Package { source, .. } if source.is_io() => {
            (LOCAL, say("Make room, or check the permissions, and run the command again."))
        }
        PipelineError::Package { source: PackageError::Version { .. }, .. } => {
            (DAMAGED, say("Use a version of hestat that reads it, or encrypt the data again with this one."))
        }
        PipelineError::Package { .. } => (DAMAGED, say("Get the file again from where it was made.")),
        PipelineError::File { .. } => (LOCAL, say("Check the path, its permissions and the free space on its disk.")),
        PipelineError::NoRoom { .. } => {
            (LOCAL, say("Make room, or choose another disk with --state (or TMPDIR for hestat run)."))
        }
        PipelineError::NotReady { .. } => {
            (NOT_READY, say("Run hestat compute on the server, or wait for it with hestat result --wait."))
        }
        PipelineError::Cut { job, .. } | PipelineError::Unanswered { job, .. } => {
            (TIMEOUT, Some(format!("Give it more time: hestat result {job} --wait --timeout SECONDS")))
        }
        PipelineError::NotUploaded(job) => (NOT_READY, Some(format!("Go on with: hestat init --resume {job}"))),
        PipelineError::Upload { job, source } => {
            let remedy = transfer_remedy(source).map(|remedy| format!("{remedy}\n")).unwrap_or_default();
            (transfer_code(source), Some(format!("{remedy}Then go on with: hestat init --resume {job}")))
        }
        PipelineError::AlreadyUploaded(job) => (NOT_READY, Some(format!("Go on with: hestat result {job}"))),
        PipelineError::Failed { .. } => (
            FAILED,
            say("Remove the cause on the server and compute again there, or encrypt the data again with hestat init."),
        ),
        PipelineError::Vanished { .. } => (
            SERVER,
            say("Check that the server is the one the job was uploaded to; if its files are lost, encrypt again."),
        ),
        PipelineError::Damaged { .. } => (
            DAMAGED,
            say(
                "Nothing was decrypted. Run hestat result again; if it is damaged again, it is so on the server: encrypt the data again with hestat init.",
            ),
        ),
        PipelineError::Threads(_) => (LOCAL, say(MORE_THREADS)),
        PipelineError::InRun(error) => {
            let trust = if matches!(**error, PipelineError::Refused(_)) { "Do not trust this server. " } else { "" };
            let (code, _) = pipeline(error);
            (code, Some(format!("{trust}Nothing is kept of this run, here or there; run the command again.")))
        }
        PipelineError::Refused(_) => {
            (REFUSED, say("Do not trust this server. The job is kept: a correct answer that comes later is accepted."))
        }
        PipelineError::OtherTable { .. } => {
            (TABLE, say("Give --check the CSV file that was encrypted; the decrypted statistics are written already."))
        }
        PipelineError::SecretInData { .. } => {
            (USAGE, say("Keep it elsewhere (--server-state, --password-file, --certificate-key)."))
        }
        PipelineError::SomeFailed { .. } => (FAILED, say("Their reasons are above and in each job's status.json.")),
    }
}

fn key_store(error: &KeyStoreError) -> (u8, Option<String>) {
    let say = |text: &str| Some(text.to_owned());
    let next = match error {
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
        KeyStoreError::OtherVersion { job, .. } => {
            Some(format!("Use that version of hestat for it; or use hestat forget {job}, and encrypt the data again."))
        }
        KeyStoreError::Certificate(_) => return (USAGE, say("Give names and addresses of this server with --name.")),
        KeyStoreError::Busy(_) => say("Wait for the other command to end."),
        KeyStoreError::PassphraseNeeded(_) => {
            say("Give it with --passphrase-file, or on a terminal with --passphrase.")
        }
        KeyStoreError::WrongPassphrase(_) | KeyStoreError::Seal(_) => say("Try again with the right passphrase."),
        KeyStoreError::KeyName(_) => return (USAGE, say("See --help.")),
        KeyStoreError::NoKey { .. } => {
            say("hestat identity show lists those that are there; hestat identity new makes one.")
        }
        KeyStoreError::NameTaken { .. } => say("No key is ever replaced: give another name, or move that file away."),
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

fn pem(error: PemError) -> &'static str {
    match error {
        PemError::NotPem => {
            "Restore the file, or move it away for a new key; one of your own is a private key in PEM (PKCS#8)."
        }
        PemError::Traditional => "Bring it into the form of today with: openssl pkcs8 -topk8 -in OLD -out NEW",
        PemError::PassphraseNeeded => {
            "Give it with --passphrase-file (of a key named by --key: --key-passphrase-file), or on a terminal."
        }
        PemError::Unsupported | PemError::TooDear => {
            "Encrypt it anew with: openssl pkcs8 -topk8 -v2 aes256 -in OLD -out NEW"
        }
        PemError::CannotOpen => "Try again with the right passphrase.",
    }
}

fn transfer(error: &TransferError) -> (u8, Option<String>) {
    let remedy = transfer_remedy(error).map(|remedy| match transfer_code(error) {
        SERVER | SERVER_FULL | QUOTA => format!("{remedy} Then run the command again."),
        _ => remedy.into(),
    });
    (transfer_code(error), remedy)
}

fn transfer_code(error: &TransferError) -> u8 {
    match error {
        TransferError::Stopped(Stopped) => STOPPED,
        TransferError::Local { .. } | TransferError::KnownServers { .. } | TransferError::Identity { .. } => LOCAL,
        TransferError::Plain { .. } | TransferError::NoPassword { .. } | TransferError::Password { .. } => USAGE,
        TransferError::Unreachable { .. } => NO_SERVER,
        TransferError::Timeout { .. } => TIMEOUT,
        TransferError::WrongPassword { .. } => WRONG_PASSWORD,
        TransferError::UnknownCertificate { .. } => UNKNOWN_CERTIFICATE,
        TransferError::ChangedCertificate { .. } | TransferError::ChangedDataCertificate { .. } => CHANGED_CERTIFICATE,
        TransferError::NoTls { .. } => NO_TLS,
        TransferError::Denied { .. } => DENIED,
        TransferError::ServerFull { .. } => SERVER_FULL,
        TransferError::Quota { .. } => QUOTA,
        TransferError::Protocol { .. } | TransferError::TooLarge { .. } => PROTOCOL,
        TransferError::PortTaken { .. } => PORT_TAKEN,
        TransferError::Broken { .. }
        | TransferError::Tls { .. }
        | TransferError::Busy { .. }
        | TransferError::Server { .. }
        | TransferError::Serve { .. }
        | TransferError::Incomplete { .. } => SERVER,
    }
}

fn transfer_remedy(error: &TransferError) -> Option<&'static str> {
    Some(match error {
        TransferError::Stopped(Stopped) => return None,
        TransferError::Local { .. } => "Check the path, its permissions and the free space on its disk.",
        TransferError::KnownServers { .. } => {
            "Mend or remove that file; it holds nothing but addresses and fingerprints."
        }
        TransferError::Plain { .. } => "Write ftps:// for TLS, or say --insecure-plain-ftp if nobody can listen.",
        TransferError::NoPassword { .. } | TransferError::Password { .. } => {
            "Give it with --password-file FILE, in the variable HESTAT_PASSWORD, in ~/.netrc, or on a terminal."
        }
        TransferError::Unreachable { .. } => "Check the address given with --server, and that the server runs.",
        TransferError::Timeout { .. } => {
            "Check the network and firewalls (data connections have ports of their own), or give more time with --server-timeout."
        }
        TransferError::WrongPassword { .. } => {
            "Check user and password; hestat serve names the file of its password when it starts."
        }
        TransferError::UnknownCertificate { .. } => {
            "If that is the fingerprint the server's owner told you, say --server-fingerprint with it; or name its certificate with --server-certificate."
        }
        TransferError::ChangedCertificate { .. } => {
            "Nothing was sent over this connection. Ask the server's owner; if its certificate is new, use --server-fingerprint with the new fingerprint."
        }
        TransferError::ChangedDataCertificate { .. } => {
            "User, password and names of files had been sent before, over the control connection, whose certificate is the right one; nothing was sent over this data connection. Ask the server's owner."
        }
        TransferError::NoTls { .. } => {
            "Have TLS switched on there; or write ftp:// and say --insecure-plain-ftp if nobody can listen."
        }
        TransferError::Denied { .. } => {
            "Have the server's owner give you access. An address of hestat serve has no path: jobs go to its root."
        }
        TransferError::ServerFull { .. } | TransferError::Quota { .. } => "Make room there.",
        TransferError::Protocol { .. } | TransferError::TooLarge { .. } => {
            "Check that this is the server you mean; hestat ping tells more."
        }
        TransferError::Identity { .. } => {
            "Give a certificate and its own private key as PEM, the key not encrypted; or none, and one is made."
        }
        TransferError::PortTaken { .. } => "Stop that program, or choose another port with --listen.",
        TransferError::Serve { .. } => "Check the address given with --listen, or wait until it is there.",
        TransferError::Broken { .. }
        | TransferError::Tls { .. }
        | TransferError::Busy { .. }
        | TransferError::Server { .. }
        | TransferError::Incomplete { .. } => "Wait a moment.",
    })
}
