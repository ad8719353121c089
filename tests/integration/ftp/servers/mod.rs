//! Third-party FTP servers, each with a directory, a certificate and an account of its own.

mod certificate;
mod pyftpdlib;
mod vsftpd;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::daemon::Daemon;
use crate::programs::{output, program};
use crate::sandbox::HESTAT;
use certificate::Certificate;
pub(super) use vsftpd::SessionReuse;

/// Ports of a server: one for control connections and eleven for data.
const PORT_COUNT: u16 = 12;

/// The user name on every server.
pub(super) const USER: &str = "hestat";

/// The password, with characters that need quoting in many places.
pub(super) const PASSWORD: &str = "Salz & \"Löffel\", 100% 'süß' \\ #1";

/// A running third-party server with its files and its command. Dropping it stops the server and deletes the files.
pub(super) struct ThirdPartyServer {
    // Declared first, so that it stops before its files are deleted.
    daemon: Option<Daemon>,
    command: Command,
    files: ServerFiles,
    port: u16,
    /// The owner of the server's files, unless it is the user who runs the tests.
    owner: Option<Owner>,
    _account: Option<vsftpd::Account>,
}

/// A user of this machine.
#[derive(Clone, Copy)]
struct Owner {
    user: u32,
    group: u32,
}

/// The files of a server.
struct ServerFiles {
    directory: TempDir,
    certificate: Certificate,
}

impl ServerFiles {
    /// Creates a certificate for loopback and an empty root.
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // Servers that drop their privileges must still be able to enter.
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let certificate = Certificate::self_signed(directory.path());
        let files = Self { directory, certificate };
        fs::create_dir(files.root()).unwrap();
        files
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn root(&self) -> PathBuf {
        self.file("root")
    }

    fn log(&self) -> PathBuf {
        self.file("log")
    }
}

impl ThirdPartyServer {
    fn start(command: Command, files: ServerFiles, port: u16) -> Self {
        let mut server = Self { daemon: None, command, files, port, owner: None, _account: None };
        server.restart();
        server
    }

    /// Starts or restarts the server.
    fn restart(&mut self) {
        drop(self.daemon.take());
        let mut daemon = Daemon::start(&mut self.command, &self.files.log());
        daemon.wait_for_greeting(self.port);
        self.daemon = Some(daemon);
    }

    /// Returns the URL of a directory on the server.
    pub(super) fn url(&self, directory: &str) -> String {
        format!("ftps://{USER}@127.0.0.1:{}{directory}", self.port)
    }

    /// Returns the port of loopback that the server listens on.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the local path of a directory on the server. The empty path is the root.
    pub(super) fn directory(&self, directory: &str) -> PathBuf {
        self.files.root().join(directory.trim_start_matches('/'))
    }

    /// Returns the SHA-256 fingerprint of the certificate, as printed by openssl.
    pub(super) fn fingerprint(&self) -> String {
        self.files.certificate.fingerprint()
    }

    /// Returns the path of the certificate.
    pub(super) fn certificate(&self) -> &Path {
        self.files.certificate.path()
    }

    /// Restarts the server with a new certificate, at the same address.
    pub(super) fn change_certificate(&mut self) {
        self.files.certificate = Certificate::self_signed(self.files.directory.path());
        self.restart();
    }

    /// Restarts the server with a CA-signed certificate for this subjectAltName. Returns the path of the CA's
    /// certificate.
    pub(super) fn use_ca_signed_certificate(&mut self, subject_alt_name: &str) -> PathBuf {
        let (certificate, ca) = Certificate::ca_signed(self.files.directory.path(), subject_alt_name);
        self.files.certificate = certificate;
        self.restart();
        ca
    }

    /// Starts `hestat compute --watch` on a directory below the root.
    pub(super) fn compute(&self, directory: &str) -> Daemon {
        let hestat = self.files.file("hestat");
        // Copied by another process: a file that is open for writing here, or in a fork of this process, cannot be
        // executed. And the user who runs the server may have no access to the original.
        output("cp", [Path::new(HESTAT), &hestat]);
        let mut command = program(hestat.to_str().unwrap());
        command.env_clear().args(["compute", "--watch", "--data"]).arg(self.directory(directory));
        if let Some(owner) = self.owner {
            command.uid(owner.user).gid(owner.group);
        }
        Daemon::start(&mut command, &self.files.file("compute.log"))
    }

    /// Creates a directory below the root, owned by the server's user.
    pub(super) fn make_directory(&self, directory: &str) {
        let path = self.directory(directory);
        fs::create_dir(&path).unwrap();
        if let Some(owner) = self.owner {
            chown(path, Some(owner.user), Some(owner.group)).unwrap();
        }
    }
}
