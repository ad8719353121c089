//! The server's certificate, private key and password.
//!
//! ```text
//! <server state>/certificate.pem    public
//!                key.pem            private key of the certificate, 0600
//!                password           password of the only account, 0600
//!                .lock              held while these files are created or read
//! ```

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rand_core::Rng;
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair};

use super::error::KeyStoreError;
use super::state_directory;
use crate::foundation::atomic::{self, Access};
use crate::foundation::fs::if_exists;
use crate::foundation::ownership;
use crate::foundation::random::Randomness;
use crate::foundation::secret::Secret;

/// A certificate and its private key, both as PEM.
#[derive(Debug)]
pub struct ServerIdentity {
    /// The certificate; public.
    pub certificate: Vec<u8>,
    /// The private key.
    pub key: Secret<Vec<u8>>,
}

impl ServerIdentity {
    /// Creates a self-signed certificate (RFC 5280) for these host names and addresses, with a new ECDSA P-256 key.
    ///
    /// # Errors
    /// [`KeyStoreError::Certificate`] if one of them is not a valid name, or the key cannot be generated.
    pub fn generate(names: &[String]) -> Result<Self, KeyStoreError> {
        let failed = |error: rcgen::Error| KeyStoreError::Certificate(error.to_string());
        let key = KeyPair::generate().map_err(failed)?;
        let mut parameters = CertificateParams::new(names).map_err(failed)?;
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, "hestat serve");
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = parameters.self_signed(&key).map_err(failed)?;
        Ok(Self { certificate: certificate.pem().into(), key: Secret::new(key.serialize_pem().into()) })
    }
}

/// The server's state directory. It is locked until this is dropped; other processes wait.
#[derive(Debug)]
pub struct ServerState {
    root: PathBuf,
    _lock: File,
}

impl ServerState {
    /// Opens and locks the directory `root`, and creates it if it does not exist.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`], also if other users can change the directory.
    pub fn open(root: &Path) -> Result<Self, KeyStoreError> {
        state_directory::create(root)?;
        Ok(Self { root: root.into(), _lock: state_directory::lock(root)? })
    }

    /// Returns the path of the certificate.
    pub fn certificate_file(&self) -> PathBuf {
        self.root.join("certificate.pem")
    }

    /// Returns the path of the password.
    pub fn password_file(&self) -> PathBuf {
        self.root.join("password")
    }

    fn key_file(&self) -> PathBuf {
        self.root.join("key.pem")
    }

    /// Returns the secret files that every user of this machine can read.
    pub fn world_readable_files(&self) -> impl Iterator<Item = PathBuf> {
        [self.key_file(), self.password_file()].into_iter().filter(|path| is_world_readable(path))
    }

    /// Reads the certificate and its key, or creates them for `names` if either does not exist.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`] if a file cannot be read or written; as [`ServerIdentity::generate`].
    pub fn identity(&self, names: &[String]) -> Result<ServerIdentity, KeyStoreError> {
        let (certificate, key) = (read(&self.certificate_file())?, read(&self.key_file())?);
        if let (Some(certificate), Some(key)) = (certificate, key) {
            return Ok(ServerIdentity { certificate, key: Secret::new(key) });
        }
        let identity = ServerIdentity::generate(names)?;
        // The key first: if this is interrupted, no client can pin a certificate that will be replaced.
        write(&self.key_file(), identity.key.expose(), Access::Private)?;
        write(&self.certificate_file(), &identity.certificate, Access::Public)?;
        Ok(identity)
    }

    /// Reads the password, or creates one of 128 random bits if it does not exist.
    ///
    /// # Errors
    /// [`KeyStoreError::Io`], also if the password's first line is empty.
    pub fn password(&self, random: &mut Randomness) -> Result<Secret<String>, KeyStoreError> {
        let path = self.password_file();
        if let Some(bytes) = read(&path)? {
            let bytes = Secret::new(bytes);
            let line = String::from_utf8_lossy(bytes.expose()).lines().next().unwrap_or_default().to_owned();
            if line.is_empty() {
                return Err(KeyStoreError::io(&path)(io::Error::new(
                    ErrorKind::InvalidData,
                    "its first line is empty",
                )));
            }
            return Ok(Secret::new(line));
        }
        let password = draw_password(random);
        write(&path, format!("{}\n", password.expose()).as_bytes(), Access::Private)?;
        Ok(password)
    }
}

/// Draws a password of 128 bits.
pub fn draw_password(random: &mut Randomness) -> Secret<String> {
    Secret::new(format!("{:016x}{:016x}", random.next_u64(), random.next_u64()))
}

/// Whether every user of this machine may read a file; `false` if the file does not exist.
pub fn is_world_readable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o004 != 0)
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, KeyStoreError> {
    let mut bytes = Vec::new();
    let read = ownership::open(path).and_then(|mut file| file.read_to_end(&mut bytes));
    Ok(if_exists(read).map_err(KeyStoreError::io(path))?.map(|_| bytes))
}

fn write(path: &Path, bytes: &[u8], access: Access) -> Result<(), KeyStoreError> {
    atomic::write(path, bytes, access).map_err(KeyStoreError::io(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::random;

    #[test]
    fn credentials_are_created_once_with_private_modes() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("state");
        let state = ServerState::open(&root).unwrap();
        let mut random = random::from_system().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let (identity, password) = (state.identity(&names).unwrap(), state.password(&mut random).unwrap());
        assert_eq!(password.expose().len(), 32);
        drop(state);
        let again = ServerState::open(&root).unwrap();
        assert_eq!(again.identity(&[]).unwrap().certificate, identity.certificate);
        assert_eq!(again.password(&mut random).unwrap().expose(), password.expose());
        let mode = |name: &str| fs::metadata(root.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("key.pem"), mode("password"), mode("")), (0o600, 0o600, 0o700));
        assert_eq!(again.world_readable_files().count(), 0);
        fs::set_permissions(root.join("key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(again.world_readable_files().eq([root.join("key.pem")]));
        fs::remove_file(root.join("key.pem")).unwrap();
        assert_ne!(again.identity(&names).unwrap().certificate, identity.certificate);
        fs::write(root.join("password"), "\n").unwrap();
        assert!(again.password(&mut random).is_err());
    }

    #[test]
    fn concurrent_starts_create_one_certificate() {
        let directory = tempfile::tempdir().unwrap();
        let start =
            || ServerState::open(directory.path()).unwrap().identity(&["localhost".into()]).unwrap().certificate;
        let certificates = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(certificates.iter().all(|certificate| *certificate == certificates[0]));
    }
}
