//! Honest clients, who must find the server in order whatever others do to it.

use std::process::Command;

use crate::sandbox::{CommandOutput, Sandbox, TestServer, path};

impl TestServer {
    /// An honest client's command, which knows where the server is and how to reach it.
    pub(crate) fn command(&self, sandbox: &Sandbox, arguments: &[&str]) -> Command {
        let mut command = sandbox.command(arguments);
        command.env("HESTAT_SERVER", self.url()).env("HESTAT_SERVER_FINGERPRINT", self.fingerprint());
        command.env("HESTAT_PASSWORD", self.password());
        command
    }

    /// Runs an honest client's command.
    pub(crate) fn run(&self, arguments: &[&str]) -> CommandOutput {
        self.command(&self.sandbox, arguments).output().unwrap().into()
    }

    /// An honest client finds everything in order.
    #[track_caller]
    pub(crate) fn greets(&self) {
        self.run(&["ping"]).expect_code(0);
    }

    /// An honest client's whole job over a table of the sandbox: sent, computed, fetched, and compared with clear data.
    #[track_caller]
    pub(crate) fn does_a_job(&self, rows: u32) {
        let table = self.sandbox.file("table.csv");
        self.sandbox.succeed(["sample", "--rows", &rows.to_string(), "--output", path(&table)]);
        self.run(&["init", "--input", path(&table)]).expect_code(0);
        self.run(&["result", "--wait", "--timeout", "60", "--check", path(&table)]).expect_code(0);
    }
}
