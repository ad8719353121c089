//! Secrets on disk: the client's jobs, the user's named keys and the server's credentials. For each job, the client
//! keeps the key, the plan, the record and, until it is uploaded, the dataset.
//!
//! ```text
//! <state>/jobs/<job>/job.json       the record: server, digests, phase
//!                    secrets.hes    key, plan, digest of the correct totals; encrypted if a passphrase was given
//!                    dataset.hes    the dataset, until it is uploaded
//! <state>/jobs/.new-<job>/          a job being created; removed if its process was killed
//! <state>/forgotten                 IDs of forgotten jobs, one per line
//! ```
//! New directories have mode 0700, and new files 0600 unless they are public. Existing ones are accepted if no other
//! user can change them. A process that works on a job locks the job's directory itself. The files of named keys are
//! described in [`keys`], the server's in [`server`]; each of these directories has a lock file, `.lock`.

pub mod error;
pub mod job;
mod key_directory;
pub mod key_file;
pub mod key_name;
pub mod keys;
pub mod record;
mod rsa_keys;
pub mod secrets;
pub mod server;
mod state_directory;
pub mod store;

pub use error::KeyStoreError;
pub use job::{Job, NewJob};
pub use key_file::{PrivateKeyFile, is_protected};
pub use key_name::{KeyName, ParseKeyNameError};
pub use keys::{KeyFiles, PublicIdentity};
pub use record::{JobRecord, Phase};
pub use secrets::{CsvRecord, JobSecrets};
pub use server::{ServerIdentity, ServerState, is_world_readable};
pub use store::{KeyStore, Listed};
