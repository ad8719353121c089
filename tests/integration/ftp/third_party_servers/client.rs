//! A hestat client of one server.

use std::ffi::OsStr;
use std::process::Command;

use super::super::servers::{PASSWORD, ThirdPartyServer};
use crate::sandbox::{CommandOutput, Sandbox, path};
use crate::server_access::ServerAccess;

/// Rows of the table.
pub(super) const ROWS: u64 = 1000;

/// Statistics in the result: six for each of the sixteen columns.
pub(super) const STATISTIC_COUNT: u64 = 16 * 6;

/// A client that knows a server's address, its password, and its certificate at the time the client was made.
pub(super) struct Client {
    pub(super) sandbox: Sandbox,
    access: ServerAccess,
    url: String,
    fingerprint: String,
}

impl Client {
    /// Returns a client of a directory on this server. The empty path is the root.
    pub(super) fn of(server: &ThirdPartyServer, directory: &str) -> Self {
        // Servers on loopback answer well within this time.
        let access = ServerAccess::default().with("HESTAT_PASSWORD", PASSWORD).with("HESTAT_SERVER_TIMEOUT", "10");
        Self { sandbox: Sandbox::new(), access, url: server.url(directory), fingerprint: server.fingerprint() }
    }

    pub(super) fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        self.access.command(&self.sandbox, arguments)
    }

    pub(super) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> CommandOutput {
        self.access.run(&self.sandbox, arguments)
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
