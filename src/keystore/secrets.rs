//! A job's secrets: what only its owner may have.

use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::error::KeyStoreError;
use crate::crypto::labels;
use crate::crypto::passphrase::{self, KdfParams, Passphrase};
use crate::encoding::Plan;
use crate::foundation::atomic::{Access, AtomicFile};
use crate::foundation::codec;
use crate::foundation::ownership;
use crate::foundation::random::Randomness;
use crate::he::SecretKey;
use crate::he::keys::KEY_BYTES;
use crate::package::frame::{self, DIGEST_BYTES, Hashing};
use crate::package::{Digest, FileKind, JobId, PackageError};
use crate::table::{CsvDigest, Dialect, SkippedColumn};

/// The longest secrets, in bytes: plans of a hundred thousand columns.
const MAX_SECRETS: u64 = 1 << 26;

/// Which CSV file was encrypted, and how it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvRecord {
    /// Digest of the file.
    pub digest: CsvDigest,
    /// How to read it, its delimiter known.
    pub dialect: Dialect,
    /// Its columns that were left out although nobody asked for that.
    pub skipped: Vec<SkippedColumn>,
    /// What the user was told of how it was read.
    pub notices: Vec<String>,
}

/// All that is needed to turn a job's answer into statistics.
#[derive(Debug)]
pub struct JobSecrets {
    /// The secret key.
    pub key: SecretKey,
    /// Digest of the only totals file that may be decrypted. It is no secret, but whoever could change it could have
    /// others decrypted.
    pub totals: Digest,
    /// Which slot means what.
    pub plan: Plan,
    /// Names of the statistics asked for.
    pub statistics: Vec<String>,
    /// The encrypted file.
    pub csv: CsvRecord,
}

/// The same as it is stored; wiped when dropped.
#[derive(Serialize, Deserialize)]
struct Stored {
    key: Vec<u8>,
    totals: Digest,
    plan: Plan,
    statistics: Vec<String>,
    csv: CsvRecord,
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

/// The header of `secrets.hes`.
#[derive(Serialize, Deserialize)]
struct SecretsHeader {
    job: [u8; 16],
    sealed: Option<KdfParams>,
}

impl JobSecrets {
    /// Writes them to `path`, under `passphrase` if there is one.
    pub(super) fn write(
        &self,
        path: &Path,
        job: JobId,
        passphrase: Option<&Passphrase>,
        random: &mut Randomness,
    ) -> Result<(), KeyStoreError> {
        let plain = self.to_bytes().ok_or_else(|| lost(job, "too large to store"))?;
        let (sealed, payload) = match passphrase {
            None => (None, plain),
            Some(passphrase) => {
                let (sealed, payload) = passphrase::seal(passphrase, &labels::job_secrets(job.bytes()), plain, random)?;
                (Some(sealed), Zeroizing::new(payload))
            }
        };
        let header = SecretsHeader { job: job.bytes(), sealed };
        let opening = frame::header_bytes(FileKind::Secrets, &header).map_err(|error| lost(job, &error.to_string()))?;
        let io = KeyStoreError::io(path);
        let mut file = Hashing::new(AtomicFile::create(path, Access::Private).map_err(&io)?);
        file.write_all(&opening).and_then(|()| file.write_all(&payload)).map_err(&io)?;
        let digest = file.digest();
        let mut file = file.into_inner();
        file.write_all(&digest.0).and_then(|()| file.commit()).map_err(io)
    }

    /// Reads them from `path`.
    pub(super) fn read(path: &Path, job: JobId, passphrase: Option<&Passphrase>) -> Result<Self, KeyStoreError> {
        let damaged = |error| match error {
            PackageError::Version { found, expected } => KeyStoreError::OtherVersion { job, found, expected },
            _ => lost(job, "its file is damaged"),
        };
        let mut file = ownership::open_regular(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => lost(job, "its file is not there"),
            // A key that we may not read is not lost.
            _ => KeyStoreError::io(path)(error),
        })?;
        let length = file.metadata().map_err(KeyStoreError::io(path))?.len();
        if length > MAX_SECRETS {
            return Err(lost(job, "its file is too long"));
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or_default()));
        file.read_to_end(&mut bytes).map_err(KeyStoreError::io(path))?;
        crate::package::totals::verify_digest(bytes.as_slice(), bytes.len() as u64).map_err(damaged)?;
        let mut input = bytes.as_slice();
        let (_, header): (_, SecretsHeader) = frame::read_opening(FileKind::Secrets, &mut input).map_err(damaged)?;
        let payload = input.split_last_chunk::<{ DIGEST_BYTES as usize }>().map_or(input, |(payload, _)| payload);
        let plain = match (header.sealed, passphrase) {
            (None, _) => Zeroizing::new(payload.to_vec()),
            (Some(_), None) => return Err(KeyStoreError::PassphraseNeeded(job)),
            (Some(sealed), Some(passphrase)) => {
                let context = labels::job_secrets(job.bytes());
                passphrase::open(passphrase, &context, &sealed, payload.to_vec())
                    .map_err(|_| KeyStoreError::WrongPassphrase(job))?
            }
        };
        if header.job != job.bytes() {
            return Err(lost(job, "its file is that of another job"));
        }
        Self::from_bytes(&plain).ok_or_else(|| lost(job, "its file is damaged"))
    }

    fn to_bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        let stored = Stored {
            key: self.key.pack().expose().to_vec(),
            totals: self.totals,
            plan: self.plan.clone(),
            statistics: self.statistics.clone(),
            csv: self.csv.clone(),
        };
        codec::encode(&stored, MAX_SECRETS).ok().map(Zeroizing::new)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = codec::decode(bytes, MAX_SECRETS).ok()?;
        let packed: &[u8; KEY_BYTES] = stored.key.as_slice().try_into().ok()?;
        Some(Self {
            key: SecretKey::unpack(packed),
            totals: stored.totals,
            plan: stored.plan.clone(),
            statistics: stored.statistics.clone(),
            csv: stored.csv.clone(),
        })
    }
}

fn lost(job: JobId, reason: &str) -> KeyStoreError {
    KeyStoreError::LostKey { job, reason: reason.into() }
}
