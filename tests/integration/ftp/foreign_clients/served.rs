//! `hestat serve`, and what it tells of itself.

use std::io::BufRead;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use super::super::daemon::Daemon;
use crate::house::{House, path};

/// Our server on any free port, with a certificate and a password that it made itself.
pub(super) struct Served {
    // Ends before its files go.
    daemon: Daemon,
    pub(super) house: House,
    data: TempDir,
    told: Value,
}

impl Served {
    pub(super) fn start() -> Self {
        Self::start_on(tempfile::tempdir().unwrap())
    }

    /// On this directory.
    pub(super) fn start_on(data: TempDir) -> Self {
        let house = House::new();
        let state = house.file("server-state");
        let mut command = house.command(["serve", "--json", "--listen", "127.0.0.1:0", "--data", path(data.path())]);
        command.args(["--server-state", path(&state)]);
        let (daemon, mut output) = Daemon::start_heard(&mut command, &house.file("serve.log"));
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let told = serde_json::from_str(&line).unwrap_or_else(|_| panic!("it said {line:?}: {}", daemon.said()));
        Self { daemon, house, data, told }
    }

    fn told(&self, what: &str) -> &str {
        self.told[what].as_str().unwrap_or_else(|| panic!("no {what} in {}", self.told))
    }

    pub(super) fn port(&self) -> &str {
        self.told("address").rsplit_once(':').unwrap().1
    }

    pub(super) fn user(&self) -> &str {
        self.told("user")
    }

    pub(super) fn password(&self) -> String {
        std::fs::read_to_string(self.told("password_file")).unwrap().lines().next().unwrap().into()
    }

    pub(super) fn certificate(&self) -> &str {
        self.told("certificate_file")
    }

    pub(super) fn fingerprint(&self) -> &str {
        self.told("fingerprint")
    }

    /// Where a file of the server's lies.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.data.path().join(name)
    }

    /// Ends it in good order; it must not have said this.
    pub(super) fn stop(self, secret: &str) {
        assert!(!self.daemon.said().contains(secret), "{}", self.daemon.said());
        assert_eq!(self.daemon.stop(), Some(0));
    }
}
