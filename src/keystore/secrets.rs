//! A job's secrets: the key, and everything else that only the data's owner may know.

use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

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
use crate::package::digest::{DIGEST_BYTES, HashingIo};
use crate::package::{Digest, FileKind, JobId, PackageError, hes_file, verify_digest};
use crate::table::{CsvDigest, Dialect, SkippedColumn};

/// Maximum length of a secrets file, in bytes; enough for plans of a hundred thousand columns.
const MAX_SECRETS_BYTES: u64 = 1 << 26;
/// The reason for a lost key if the file cannot be parsed.
const DAMAGED: &str = "its file is damaged";

/// Facts about the CSV file that was encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvRecord {
    /// Digest of the file.
    pub digest: CsvDigest,
    /// The dialect in which it was read, with its delimiter detected.
    pub dialect: Dialect,
    /// Columns that were skipped although the user did not exclude them.
    pub skipped: Vec<SkippedColumn>,
    /// Notices about how the file was read.
    pub notices: Vec<String>,
}

/// Everything that is needed to turn a job's totals into statistics.
#[derive(Debug)]
pub struct JobSecrets {
    /// The secret key.
    pub key: SecretKey,
    /// Digest of the only totals file that may be decrypted. It is not secret, but an attacker who could change it
    /// could have other totals decrypted.
    pub totals: Digest,
    /// The meaning of each slot.
    pub plan: Plan,
    /// Names of the requested statistics.
    pub statistics: Vec<String>,
    /// The encrypted CSV file.
    pub csv: CsvRecord,
}

/// [`JobSecrets`] as they are stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    key: StoredKey,
    totals: Digest,
    plan: Plan,
    statistics: Vec<String>,
    csv: CsvRecord,
}

/// A packed key. It is wiped when dropped, also if the fields after it cannot be decoded.
struct StoredKey(Zeroizing<Vec<u8>>);

impl Serialize for StoredKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_slice().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StoredKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<u8>::deserialize(deserializer).map(Zeroizing::new).map(Self)
    }
}

/// The header of `secrets.hes`.
#[derive(Serialize, Deserialize)]
struct SecretsHeader {
    job: [u8; 16],
    kdf: Option<KdfParams>,
}

impl JobSecrets {
    /// Writes the secrets to `path`, encrypted if there is a passphrase.
    pub(super) fn write(
        &self,
        path: &Path,
        job: JobId,
        passphrase: Option<&Passphrase>,
        random: &mut Randomness,
    ) -> Result<(), KeyStoreError> {
        let plain = self.to_bytes().ok_or_else(|| lost(job, "they are too large to be stored"))?;
        let (kdf, payload) = match passphrase {
            None => (None, plain),
            Some(passphrase) => {
                let aad = labels::job_secrets_aad(job.bytes());
                let (kdf, payload) = passphrase::seal(passphrase, &aad, plain, random)?;
                (Some(kdf), Zeroizing::new(payload))
            }
        };
        let header = SecretsHeader { job: job.bytes(), kdf };
        let header =
            hes_file::header_bytes(FileKind::Secrets, &header).map_err(|error| lost(job, &error.to_string()))?;
        let io = KeyStoreError::io(path);
        let mut file = HashingIo::new(AtomicFile::create(path, Access::Private).map_err(&io)?);
        file.write_all(&header).and_then(|()| file.write_all(&payload)).map_err(&io)?;
        let digest = file.digest();
        let mut file = file.into_inner();
        file.write_all(&digest.0).and_then(|()| file.commit()).map_err(io)
    }

    /// Reads the secrets from `path`.
    pub(super) fn read(path: &Path, job: JobId, passphrase: Option<&Passphrase>) -> Result<Self, KeyStoreError> {
        let damaged = |error| match error {
            PackageError::Version { found, expected } => KeyStoreError::OtherVersion { job, found, expected },
            _ => lost(job, DAMAGED),
        };
        let mut file = ownership::open_regular(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => lost(job, "its file does not exist"),
            // A key that cannot be accessed is not lost.
            _ => KeyStoreError::io(path)(error),
        })?;
        let length = file.metadata().map_err(KeyStoreError::io(path))?.len();
        if length > MAX_SECRETS_BYTES {
            return Err(lost(job, "its file is too long"));
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(length as usize));
        file.read_to_end(&mut bytes).map_err(KeyStoreError::io(path))?;
        verify_digest(bytes.as_slice(), bytes.len() as u64).map_err(damaged)?;
        let mut input = bytes.as_slice();
        let (_, header): (_, SecretsHeader) = hes_file::read_header(FileKind::Secrets, &mut input).map_err(damaged)?;
        let (payload, _digest) =
            input.split_last_chunk::<{ DIGEST_BYTES as usize }>().ok_or_else(|| lost(job, DAMAGED))?;
        let plain = match (header.kdf, passphrase) {
            (None, _) => Zeroizing::new(payload.to_vec()),
            (Some(_), None) => return Err(KeyStoreError::PassphraseNeeded(job)),
            (Some(kdf), Some(passphrase)) => {
                let aad = labels::job_secrets_aad(job.bytes());
                passphrase::open(passphrase, &aad, &kdf, payload.to_vec())
                    .map_err(|_| KeyStoreError::WrongPassphrase(job))?
            }
        };
        if header.job != job.bytes() {
            return Err(lost(job, "its file belongs to another job"));
        }
        Self::from_bytes(&plain).ok_or_else(|| lost(job, DAMAGED))
    }

    fn to_bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        let stored = Stored {
            key: StoredKey(Zeroizing::new(self.key.pack().expose().to_vec())),
            totals: self.totals,
            plan: self.plan.clone(),
            statistics: self.statistics.clone(),
            csv: self.csv.clone(),
        };
        codec::encode(&stored, MAX_SECRETS_BYTES).ok().map(Zeroizing::new)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let Stored { key, totals, plan, statistics, csv } = codec::decode(bytes, MAX_SECRETS_BYTES).ok()?;
        let packed: &[u8; KEY_BYTES] = key.0.as_slice().try_into().ok()?;
        Some(Self { key: SecretKey::unpack(packed), totals, plan, statistics, csv })
    }
}

fn lost(job: JobId, reason: &str) -> KeyStoreError {
    KeyStoreError::LostKey { job, reason: reason.into() }
}
