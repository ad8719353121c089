//! Secrets on disk. The client's: per job the keys, the plan, the record and, until it is uploaded, the ciphertext.
//!
//! ```text
//! <state>/jobs/<job>/job.json       the record: server, digests, phase
//!                    secrets.hes    key, plan, digest of the only right answer; under a passphrase if one was given
//!                    dataset.hes    the spool, until the server has it
//! <state>/jobs/.new-<job>/          a job being made; swept away if its maker dies
//! <state>/forgotten                 names of jobs that were forgotten
//! ```
//! Directories are 0700 and files 0600. [`keys`] has those of identities, [`server`] the server's. Whoever works on a job holds a lock on its directory.

pub mod error;
pub mod job;
pub mod key_file;
mod key_folder;
pub mod key_name;
pub mod keys;
mod private;
pub mod record;
mod rsa_keys;
pub mod secrets;
pub mod server;
pub mod store;

pub use error::KeyStoreError;
pub use job::{Job, NewJob};
pub use key_file::{PrivateKeyFile, is_protected};
pub use key_name::{KeyName, ParseKeyNameError};
pub use keys::{KeyFiles, PublicIdentity};
pub use record::{JobRecord, Phase};
pub use secrets::{CsvRecord, JobSecrets};
pub use server::{ServerIdentity, ServerState, is_exposed};
pub use store::{KeyStore, Listed};
