//! Honest clients, which must be served correctly whatever hostile clients do.

use std::process::Command;

use crate::sandbox::{CommandOutput, Sandbox, TestServer, path};
use crate::server_access::ServerAccess;

impl TestServer {
    fn access(&self) -> ServerAccess {
        ServerAccess::to(self).with("HESTAT_SERVER", self.url())
    }

    /// Returns an honest client's command, configured for this server.
    pub(crate) fn command(&self, sandbox: &Sandbox, arguments: &[&str]) -> Command {
        self.access().command(sandbox, arguments)
    }

    /// Runs an honest client's command.
    pub(crate) fn run(&self, arguments: &[&str]) -> CommandOutput {
        self.access().run(&self.sandbox, arguments)
    }

    /// Asserts that an honest client reaches the server.
    #[track_caller]
    pub(crate) fn assert_reachable(&self) {
        self.run(&["ping"]).expect_code(0);
    }

    /// Runs an honest client's whole job in the server's sandbox and compares the result with the plaintext data.
    #[track_caller]
    pub(crate) fn assert_runs_job(&self, rows: u32) {
        let table = self.sandbox.file("table.csv");
        self.sandbox.succeed(["sample", "--rows", &rows.to_string(), "--output", path(&table)]);
        self.run(&["init", "--input", path(&table)]).expect_code(0);
        self.run(&["result", "--wait", "--timeout", "60", "--check", path(&table)]).expect_code(0);
    }
}
