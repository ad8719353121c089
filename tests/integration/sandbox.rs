//! A sandbox: temporary directories for one client and one server, and the commands that run in them.

mod files;
mod job;
mod process;
mod server;
mod terminal;
mod unprivileged;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) use files::{entries, everything, files_below, snapshot};
pub(crate) use job::{ComputedJob, small_table};
pub(crate) use process::{CommandOutput, Process, raise_open_file_limit, remove_configuration, wait_until, wrapped};
use rustix::fs::Mode;
pub(crate) use server::TestServer;
pub(crate) use terminal::{Terminal, UNIGNORED};
pub(crate) use unprivileged::{UNPRIVILEGED_USER, UnprivilegedSandbox, is_root};

/// The binary under test.
pub(crate) const HESTAT: &str = env!("CARGO_BIN_EXE_hestat");

/// Temporary directories for one client and one server, removed on drop.
pub(crate) struct Sandbox {
    root: tempfile::TempDir,
    server: PathBuf,
    /// Environment variables of its commands, besides `HESTAT_STATE`.
    environment: Vec<(&'static str, OsString)>,
}

impl Sandbox {
    /// An empty sandbox.
    pub(crate) fn new() -> Self {
        // Whatever the umask of the tests: 022, so that the ownership checks accept new files.
        rustix::process::umask(Mode::WGRP | Mode::WOTH);
        let root = tempfile::tempdir().unwrap();
        let server = root.path().join("server");
        let sandbox = Self { root, server, environment: Vec::new() };
        for directory in [sandbox.server(), sandbox.temporary(), sandbox.work()] {
            fs::create_dir(directory).unwrap();
        }
        sandbox
    }

    /// Uses an existing directory as the server's.
    pub(crate) fn with_server(self, server: &Path) -> Self {
        Self { server: server.into(), ..self }
    }

    /// The directory that contains all the others.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// The client's state directory, which the first job creates.
    pub(crate) fn state(&self) -> PathBuf {
        self.root.path().join("state")
    }

    /// The server's directory.
    pub(crate) fn server(&self) -> PathBuf {
        self.server.clone()
    }

    /// The server's address.
    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.server().display())
    }

    /// The commands' `TMPDIR`.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.root.path().join("tmp")
    }

    /// The working directory of the commands, with the user's files.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// The path of a file in the working directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.work().join(name)
    }

    /// Writes a file in the working directory and returns its path.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.file(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// Reads a file in the working directory.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    /// A command that uses this sandbox and ignores the configuration of the user who runs the tests.
    pub(crate) fn command(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(HESTAT);
        remove_configuration(&mut command);
        command.env_remove("XDG_STATE_HOME").env("HOME", self.work()).env("TMPDIR", self.temporary());
        command.env("HESTAT_STATE", self.state()).envs(self.environment.iter().cloned()).current_dir(self.work());
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> CommandOutput {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs a command to its end, which must succeed.
    pub(crate) fn succeed(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> CommandOutput {
        self.run(arguments).expect_code(0)
    }

    /// Runs a command to its end, with `input` on its standard input.
    pub(crate) fn feed(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>, input: &[u8]) -> CommandOutput {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap().into()
    }

    /// Starts a command.
    pub(crate) fn start(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Process {
        Process::new(self.command(arguments).spawn().unwrap())
    }

    /// Encrypts a CSV file for this sandbox's server and uploads it; returns the job ID.
    pub(crate) fn init(&self, csv: &Path) -> String {
        let output = self.succeed(["init", "--json", "--input", path(csv), "--server", &self.url()]);
        output.json()["job"].as_str().unwrap().into()
    }

    /// Runs `hestat compute` on this sandbox's server.
    pub(crate) fn compute(&self) -> CommandOutput {
        self.run(["compute", "--data", path(&self.server())])
    }

    /// IDs of the jobs in the state directory, and names of incomplete ones.
    pub(crate) fn jobs(&self) -> Vec<String> {
        entries(&self.state().join("jobs"))
    }

    /// Names of the directories in the server's inbox.
    pub(crate) fn inbox(&self) -> Vec<String> {
        entries(&self.server().join("inbox"))
    }
}

/// Reports that this machine cannot run a test, or a part of it. Fails if `HESTAT_TEST_CONTAINERS=required`, which
/// requires all tests to run completely.
#[track_caller]
pub(crate) fn skip(reason: &str) {
    let required = std::env::var("HESTAT_TEST_CONTAINERS").is_ok_and(|value| value == "required");
    assert!(!required, "a test cannot run completely: {reason}");
    eprintln!("skipped: {reason}");
}

/// A path as an argument.
pub(crate) fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
