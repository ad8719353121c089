//! Servers of others: each with a directory, a certificate and an account of its own.

mod certificate;
mod ports;
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
use crate::site::PROGRAM;
use certificate::Certificate;
pub(super) use vsftpd::SessionReuse;

/// The account on every server.
pub(super) const USER: &str = "hestat";

/// Its password, with all that has to be quoted somewhere.
pub(super) const PASSWORD: &str = "Salz & \"Löffel\", 100% 'süß' \\ #1";

/// A server of others, its directory and all it was started with; gone when dropped.
pub(super) struct Peer {
    // Ends before its files go.
    daemon: Option<Daemon>,
    command: Command,
    place: Place,
    port: u16,
    /// Whom the files of the server belong to, unless it is whoever runs the tests.
    owner: Option<Owner>,
    _account: Option<vsftpd::Account>,
}

/// A user of this machine.
#[derive(Clone, Copy)]
struct Owner {
    user: u32,
    group: u32,
}

/// Where the files of a server are.
struct Place {
    directory: TempDir,
    certificate: Certificate,
}

impl Place {
    /// With a certificate for loopback and an empty root.
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // Servers that give up their rights must still come through here.
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let certificate = Certificate::make(directory.path());
        let place = Self { directory, certificate };
        fs::create_dir(place.root()).unwrap();
        place
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

impl Peer {
    fn start(command: Command, place: Place, port: u16) -> Self {
        let mut peer = Self { daemon: None, command, place, port, owner: None, _account: None };
        peer.restart();
        peer
    }

    /// Starts it, or starts it again.
    fn restart(&mut self) {
        drop(self.daemon.take());
        let mut daemon = Daemon::start(&mut self.command, &self.place.log());
        daemon.wait_until_it_greets(self.port);
        self.daemon = Some(daemon);
    }

    /// Its address, and a folder there.
    pub(super) fn url(&self, folder: &str) -> String {
        format!("ftps://{USER}@127.0.0.1:{}{folder}", self.port)
    }

    /// The port of loopback that it listens at.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// A folder of its FTP server; the empty one is the root.
    pub(super) fn folder(&self, folder: &str) -> PathBuf {
        self.place.root().join(folder.trim_start_matches('/'))
    }

    /// SHA-256 of its certificate, as openssl writes it.
    pub(super) fn fingerprint(&self) -> String {
        self.place.certificate.fingerprint()
    }

    /// Its certificate.
    pub(super) fn certificate(&self) -> &Path {
        self.place.certificate.file()
    }

    /// A new certificate, at the same address.
    pub(super) fn change_certificate(&mut self) {
        self.place.certificate = Certificate::make(self.place.directory.path());
        self.restart();
    }

    /// A certificate for this name or address, by an authority; gives the authority's.
    pub(super) fn be_vouched_for(&mut self, name: &str) -> PathBuf {
        let (certificate, authority) = Certificate::vouched(self.place.directory.path(), name);
        self.place.certificate = certificate;
        self.restart();
        authority
    }

    /// `hestat compute --watch` beside it, on a folder below its root.
    pub(super) fn compute(&self, folder: &str) -> Daemon {
        let hestat = self.place.file("hestat");
        // Not by this process: a program that is open for writing here, or in a fork of ours, cannot be run. And those who
        // run the server may not reach ours.
        output("cp", [Path::new(PROGRAM), &hestat]);
        let mut command = program(hestat.to_str().unwrap());
        command.env_clear().args(["compute", "--watch", "--data"]).arg(self.folder(folder));
        if let Some(owner) = self.owner {
            command.uid(owner.user).gid(owner.group);
        }
        Daemon::start(&mut command, &self.place.file("compute.log"))
    }

    /// A folder below its root, which belongs to it.
    pub(super) fn make_folder(&self, folder: &str) {
        let path = self.folder(folder);
        fs::create_dir(&path).unwrap();
        if let Some(owner) = self.owner {
            chown(path, Some(owner.user), Some(owner.group)).unwrap();
        }
    }
}
