//! A client of one server.

use std::ffi::OsStr;
use std::process::Command;

use super::super::peers::{PASSWORD, Peer};
use crate::programs::run;
use crate::sandbox::{CommandOutput, Sandbox, path};

/// Rows of its table, and figures of the sixteen columns.
pub(super) const ROWS: u64 = 1000;
pub(super) const FIGURES: u64 = 16 * 6;

/// A user who knows a server's address, its password, and the certificate that it had.
pub(super) struct Client {
    pub(super) sandbox: Sandbox,
    url: String,
    fingerprint: String,
}

impl Client {
    /// Who uses a folder of this server; its root is the empty one.
    pub(super) fn of(peer: &Peer, folder: &str) -> Self {
        Self { sandbox: Sandbox::new(), url: peer.url(folder), fingerprint: peer.fingerprint() }
    }

    pub(super) fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.sandbox.command(arguments);
        // A server that has not answered by then does not answer.
        command.env("HESTAT_PASSWORD", PASSWORD).env("HESTAT_SERVER_TIMEOUT", "10");
        command
    }

    pub(super) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> CommandOutput {
        run(&mut self.command(arguments))
    }

    /// `hestat ping`, which is told nothing of the certificate.
    pub(super) fn ping(&self) -> [&str; 3] {
        ["ping", "--server", &self.url]
    }

    /// `hestat init` for a new table, told nothing of the certificate.
    pub(super) fn init(&self) -> Vec<String> {
        let table = self.sandbox.file("sample.csv");
        self.sandbox.succeed(["sample", "--rows", &ROWS.to_string(), "--output", path(&table)]);
        ["init", "--json", "--input", path(&table), "--server", &self.url].map(str::to_owned).into()
    }

    /// The same command, told the fingerprint.
    pub(super) fn pinned<A: Into<String>>(&self, arguments: impl IntoIterator<Item = A>) -> Vec<String> {
        let pin = ["--server-fingerprint".to_owned(), self.fingerprint.clone()];
        arguments.into_iter().map(Into::into).chain(pin).collect()
    }

    /// What its state knows of servers.
    pub(super) fn known_servers(&self) -> String {
        std::fs::read_to_string(self.sandbox.state().join("known_servers")).unwrap_or_default()
    }

    /// What its state knows after it met the server.
    pub(super) fn acquaintance(&self) -> String {
        let (_, endpoint) = self.url.split_once('@').unwrap();
        format!("{} SHA256:{}\n", endpoint.split('/').next().unwrap(), self.fingerprint)
    }
}
