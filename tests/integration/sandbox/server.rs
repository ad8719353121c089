//! `hestat serve` on a sandbox's server directory.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use super::{Process, Sandbox, path};

/// The log file of all servers in a sandbox.
const LOG: &str = "serve.log";

/// A listening server and its sandbox; killed on drop.
pub(crate) struct TestServer {
    pub(crate) sandbox: Sandbox,
    /// `None` while it is stopped.
    process: Option<Process>,
    /// The JSON line that it prints at its start: its address, credentials and so on.
    announcement: Value,
}

impl TestServer {
    /// Starts a server in a new sandbox.
    pub(crate) fn new(options: &[&str]) -> Self {
        Self::start(Sandbox::new(), options)
    }

    /// Starts a server on a free port of the loopback interface, with these options.
    pub(crate) fn start(sandbox: Sandbox, options: &[&str]) -> Self {
        Self::listen(sandbox, (Ipv4Addr::LOCALHOST, 0).into(), options)
    }

    /// Starts a server at `address`.
    pub(crate) fn listen(sandbox: Sandbox, address: SocketAddr, options: &[&str]) -> Self {
        let (process, announcement) = launch(&sandbox, address, options);
        Self { sandbox, process: Some(process), announcement }
    }

    /// Starts it at the same address, unless it is running.
    pub(crate) fn start_again(&mut self, options: &[&str]) {
        if self.process.is_none() {
            let (process, announcement) = launch(&self.sandbox, self.address(), options);
            (self.process, self.announcement) = (Some(process), announcement);
        }
    }

    /// Stops it with SIGTERM and starts it at the same address with other options.
    #[track_caller]
    pub(crate) fn restart(&mut self, options: &[&str]) {
        assert_eq!(self.stop(), Some(0), "{}", self.log());
        self.start_again(options);
    }

    /// Stops it with SIGTERM; returns its exit code.
    #[track_caller]
    pub(crate) fn stop(&mut self) -> Option<i32> {
        self.process().signal(Signal::TERM);
        self.end()
    }

    /// Waits until it ends; returns its exit code.
    #[track_caller]
    pub(crate) fn end(&mut self) -> Option<i32> {
        self.process.take().expect("the server is running").end().code
    }

    /// Ends it with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    #[track_caller]
    pub(crate) fn process(&self) -> &Process {
        self.process.as_ref().expect("the server is running")
    }

    /// A field of its announcement, if it has that field.
    pub(crate) fn announced(&self, name: &str) -> Option<&str> {
        self.announcement[name].as_str()
    }

    #[track_caller]
    fn field(&self, name: &str) -> &str {
        self.announced(name).unwrap_or_else(|| panic!("no {name} in {}", self.announcement))
    }

    pub(crate) fn url(&self) -> &str {
        self.field("url")
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.field("address").parse().unwrap()
    }

    pub(crate) fn user(&self) -> &str {
        self.field("user")
    }

    pub(crate) fn fingerprint(&self) -> &str {
        self.field("fingerprint")
    }

    /// The path of the certificate that it generated.
    pub(crate) fn certificate(&self) -> &str {
        self.field("certificate_file")
    }

    /// The path of the password file that it generated.
    pub(crate) fn password_file(&self) -> &str {
        self.field("password_file")
    }

    pub(crate) fn password(&self) -> String {
        fs::read_to_string(self.password_file()).unwrap().trim().into()
    }

    /// A path inside its data directory.
    pub(crate) fn at(&self, name: impl AsRef<Path>) -> PathBuf {
        self.sandbox.server().join(name)
    }

    /// Its log so far, including earlier starts.
    pub(crate) fn log(&self) -> String {
        self.sandbox.read(LOG)
    }
}

/// Kills the server, and fails if it has panicked. If the test fails, prints the server's log.
impl Drop for TestServer {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("log of the server:\n{}", fs::read_to_string(self.sandbox.file(LOG)).unwrap_or_default());
        } else {
            assert!(!self.log().contains("panicked"), "{}", self.log());
        }
    }
}

/// Starts a server and waits until it listens, at most for a minute. Returns its announcement, too.
#[track_caller]
fn launch(sandbox: &Sandbox, address: SocketAddr, options: &[&str]) -> (Process, Value) {
    let mut process = Process::new(serve(sandbox, address).args(options).spawn().unwrap());
    let (line, _) = process.first_line();
    let announcement = serde_json::from_str(&line)
        .unwrap_or_else(|_| panic!("the server has not started: {line}{}", sandbox.read(LOG)));
    (process, announcement)
}

fn serve(sandbox: &Sandbox, address: SocketAddr) -> Command {
    let state = sandbox.file("server-state");
    let mut command = sandbox.command(["serve", "--json", "--data", path(&sandbox.server()), "--server-state"]);
    command.arg(state).args(["--listen", &address.to_string()]);
    command.stderr(File::options().create(true).append(true).open(sandbox.file(LOG)).unwrap());
    command
}
