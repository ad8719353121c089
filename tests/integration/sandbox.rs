//! A sandbox: one user's state, one server's directory and a place for files, all gone when it is dropped.

mod process;
mod server;
mod terminal;

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) use process::{CommandOutput, Process, open_files, wait_until, wrapped};
use rustix::fs::Mode;
pub(crate) use server::TestServer;
pub(crate) use terminal::{Terminal, UNIGNORED};

/// The binary under test.
const HESTAT: &str = env!("CARGO_BIN_EXE_hestat");

/// Temporary directories for one client and one server.
pub(crate) struct Sandbox {
    root: tempfile::TempDir,
    server: PathBuf,
}

impl Sandbox {
    /// An empty sandbox; state, server, temporary files and work each have a directory of their own.
    pub(crate) fn new() -> Self {
        let root = usual_root();
        let server = root.path().join("server");
        let sandbox = Self { root, server };
        for directory in [sandbox.server(), sandbox.temporary(), sandbox.work()] {
            fs::create_dir(directory).unwrap();
        }
        sandbox
    }

    /// The same with the server's directory somewhere else, where it is already.
    pub(crate) fn with_server(self, server: &Path) -> Self {
        Self { server: server.into(), ..self }
    }

    /// The client's state; made by the first job.
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

    /// What the commands take for TMPDIR.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.root.path().join("tmp")
    }

    /// Where the commands run and the user's files lie.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// A file of the user's.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.work().join(name)
    }

    /// A file of the user's, with this content.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.file(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// What a file of the user's holds.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    /// A command that knows this sandbox and nothing of the environment that the tests run in.
    pub(crate) fn command(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(HESTAT);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HESTAT_")) {
            command.env_remove(name);
        }
        command.env_remove("XDG_STATE_HOME").env("HOME", self.work()).env("TMPDIR", self.temporary());
        command.env("HESTAT_STATE", self.state()).current_dir(self.work());
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> CommandOutput {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs a command to its end, which must be a good one.
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

    /// Encrypts a CSV file for this sandbox's server and uploads it; returns the job's name.
    pub(crate) fn init(&self, csv: &Path) -> String {
        let told = self.succeed(["init", "--json", "--input", path(csv), "--server", &self.url()]);
        told.json()["job"].as_str().unwrap().into()
    }

    /// Computes what waits on this sandbox's server.
    pub(crate) fn compute(&self) -> CommandOutput {
        self.run(["compute", "--data", path(&self.server())])
    }

    /// Names of the jobs in the state, finished or not.
    pub(crate) fn jobs(&self) -> Vec<String> {
        entries(&self.state().join("jobs"))
    }

    /// Names of the folders in the server's inbox.
    pub(crate) fn inbox(&self) -> Vec<String> {
        entries(&self.server().join("inbox"))
    }
}

/// A directory for a test, in which files are made that only their owner can write to, as on most systems.
pub(crate) fn usual_root() -> tempfile::TempDir {
    rustix::process::umask(Mode::WGRP | Mode::WOTH);
    tempfile::tempdir().unwrap()
}

/// Names in a directory, sorted; none if it is not there.
pub(crate) fn entries(directory: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = fs::read_dir(directory).map(|entries| entries.map(name).collect()).unwrap_or_default();
    names.sort();
    names
}

/// All files and directories below `directory`.
pub(crate) fn everything(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for name in entries(directory) {
        let path = directory.join(name);
        if path.is_dir() {
            found.extend(everything(&path));
        }
        found.push(path);
    }
    found
}

/// A path as an argument.
pub(crate) fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
