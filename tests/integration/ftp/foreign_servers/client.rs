//! A hestat client of one server.

use std::ffi::OsStr;
use std::process::Command;

use super::super::peers::{PASSWORD, Peer};
use crate::programs::run;
use crate::sandbox::{CommandOutput, Sandbox, path};

/// Rows of the table, and figures in the result for its sixteen columns.
pub(super) const ROWS: u64 = 1000;
pub(super) const FIGURES: u64 = 16 * 6;

/// A client that knows a server's address, its password, and its certificate at the time the client was made.
pub(super) struct Client {
    pub(super) sandbox: Sandbox,
    url: String,
    fingerprint: String,
}

impl Client {
    /// Returns a client of a directory on this server. The empty path is the root.
    pub(super) fn of(peer: &Peer, directory: &str) -> Self {
        Self { sandbox: Sandbox::new(), url: peer.url(directory), fingerprint: peer.fingerprint() }
    }

    pub(super) fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.sandbox.command(arguments);
        // Servers on loopback answer well within this time.
        command.env("HESTAT_PASSWORD", PASSWORD).env("HESTAT_SERVER_TIMEOUT", "10");
        command
    }

    pub(super) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> CommandOutput {
        run(&mut self.command(arguments))
    }

    /// Returns the arguments of `hestat ping`, without the server's fingerprint.
    pub(super) fn ping(&self) -> [&str; 3] {
        ["ping", "--server", &self.url]
    }

    /// Returns the arguments of `hestat init` for a new table, without the server's fingerprint.
    pub(super) fn init(&self) -> Vec<String> {
        let table = self.sandbox.file("sample.csv");
        self.sandbox.succeed(["sample", "--rows", &ROWS.to_string(), "--output", path(&table)]);
        ["init", "--json", "--input", path(&table), "--server", &self.url].map(str::to_owned).into()
    }

    /// Adds the server's fingerprint to these arguments.
    pub(super) fn pinned<A: Into<String>>(&self, arguments: impl IntoIterator<Item = A>) -> Vec<String> {
        let pin = ["--server-fingerprint".to_owned(), self.fingerprint.clone()];
        arguments.into_iter().map(Into::into).chain(pin).collect()
    }

    /// Returns the client's `known_servers` file.
    pub(super) fn known_servers(&self) -> String {
        std::fs::read_to_string(self.sandbox.state().join("known_servers")).unwrap_or_default()
    }

    /// Returns the expected content of `known_servers` after the first contact.
    pub(super) fn known_server_line(&self) -> String {
        let (_, endpoint) = self.url.split_once('@').unwrap();
        format!("{} SHA256:{}\n", endpoint.split('/').next().unwrap(), self.fingerprint)
    }
}
