//! Commands of a client that knows how to reach a server.

use std::ffi::OsStr;
use std::process::Command;

use crate::programs::run;
use crate::sandbox::{CommandOutput, Sandbox, TestServer};

/// The environment variables and options that all commands of a client get: how to reach a server and log in.
#[derive(Clone, Default)]
pub(crate) struct ServerAccess {
    environment: Vec<(&'static str, String)>,
    options: Vec<&'static str>,
}

impl ServerAccess {
    /// Access to this server, with its fingerprint if it uses TLS and its password if it has generated one.
    pub(crate) fn to(server: &TestServer) -> Self {
        let known = [("HESTAT_SERVER_FINGERPRINT", "fingerprint"), ("HESTAT_PASSWORD_FILE", "password_file")];
        let announced = |(variable, field)| Some((variable, server.announced(field)?.to_owned()));
        Self { environment: known.into_iter().filter_map(announced).collect(), options: Vec::new() }
    }

    /// Sets an environment variable.
    pub(crate) fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.environment.push((variable, value.into()));
        self
    }

    /// Removes an environment variable.
    pub(crate) fn without(mut self, variable: &str) -> Self {
        self.environment.retain(|(name, _)| *name != variable);
        self
    }

    /// Adds an option.
    pub(crate) fn with_option(mut self, option: &'static str) -> Self {
        self.options.push(option);
        self
    }

    /// Returns a command in this sandbox.
    pub(crate) fn command<A: AsRef<OsStr>>(
        &self,
        sandbox: &Sandbox,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = sandbox.command(arguments);
        command.args(&self.options).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command in this sandbox to its end.
    pub(crate) fn run<A: AsRef<OsStr>>(
        &self,
        sandbox: &Sandbox,
        arguments: impl IntoIterator<Item = A>,
    ) -> CommandOutput {
        run(&mut self.command(sandbox, arguments))
    }
}
