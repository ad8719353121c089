//! `hestat serve` on a sandbox's server directory, while a test goes on.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use super::{Process, Sandbox, path};

/// The file of the sandbox that all servers in it log to.
const LOG: &str = "serve.log";

/// A server that listens, and the sandbox that it is in; killed when dropped.
pub(crate) struct TestServer {
    pub(crate) sandbox: Sandbox,
    /// None while it is stopped.
    running: Option<Process>,
    /// How it said that it can be reached.
    told: Value,
}

impl TestServer {
    /// In a sandbox of its own.
    pub(crate) fn new(options: &[&str]) -> Self {
        Self::start(Sandbox::new(), options)
    }

    /// On any free port of the loopback interface, with these options besides.
    pub(crate) fn start(sandbox: Sandbox, options: &[&str]) -> Self {
        Self::listen(sandbox, (Ipv4Addr::LOCALHOST, 0).into(), options)
    }

    /// At `address`.
    pub(crate) fn listen(sandbox: Sandbox, address: SocketAddr, options: &[&str]) -> Self {
        let (running, told) = launch(&sandbox, address, options);
        Self { sandbox, running: Some(running), told }
    }

    /// Starts it at the same address, unless it runs.
    pub(crate) fn start_again(&mut self, options: &[&str]) {
        if self.running.is_none() {
            let (running, told) = launch(&self.sandbox, self.address(), options);
            (self.running, self.told) = (Some(running), told);
        }
    }

    /// Stops it as an administrator does, and starts it at the same address with other options.
    #[track_caller]
    pub(crate) fn restart(&mut self, options: &[&str]) {
        assert_eq!(self.stop(), Some(0), "{}", self.log());
        self.start_again(options);
    }

    /// Asks it to stop; its exit code.
    #[track_caller]
    pub(crate) fn stop(&mut self) -> Option<i32> {
        self.process().signal(Signal::TERM);
        self.end()
    }

    /// Waits for it to end by itself; its exit code.
    #[track_caller]
    pub(crate) fn end(&mut self) -> Option<i32> {
        self.running.take().expect("it runs").end().code
    }

    /// Ends it with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.running = None;
    }

    #[track_caller]
    pub(crate) fn process(&self) -> &Process {
        self.running.as_ref().expect("it runs")
    }

    /// What it told under this name; not all is told by every server.
    pub(crate) fn announced(&self, name: &str) -> Option<&str> {
        self.told[name].as_str()
    }

    #[track_caller]
    fn word(&self, name: &str) -> &str {
        self.announced(name).unwrap_or_else(|| panic!("no {name} in {}", self.told))
    }

    pub(crate) fn url(&self) -> &str {
        self.word("url")
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.word("address").parse().unwrap()
    }

    pub(crate) fn user(&self) -> &str {
        self.word("user")
    }

    pub(crate) fn fingerprint(&self) -> &str {
        self.word("fingerprint")
    }

    /// The file of the certificate that it made.
    pub(crate) fn certificate(&self) -> &str {
        self.word("certificate_file")
    }

    /// The file of the password that it made.
    pub(crate) fn password_file(&self) -> &str {
        self.word("password_file")
    }

    pub(crate) fn password(&self) -> String {
        fs::read_to_string(self.password_file()).unwrap().trim().into()
    }

    /// A path below its root.
    pub(crate) fn at(&self, name: impl AsRef<Path>) -> PathBuf {
        self.sandbox.server().join(name)
    }

    /// What it has logged so far, also before it was started again.
    pub(crate) fn log(&self) -> String {
        self.sandbox.read(LOG)
    }
}

/// No test leaves a server behind, and none made it panic; a test that fails shows what it said.
impl Drop for TestServer {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("the server said:\n{}", fs::read_to_string(self.sandbox.file(LOG)).unwrap_or_default());
        } else {
            assert!(!self.log().contains("panicked"), "{}", self.log());
        }
    }
}

/// Starts a server and waits until it listens; gives what it told, too.
#[track_caller]
fn launch(sandbox: &Sandbox, address: SocketAddr, options: &[&str]) -> (Process, Value) {
    let mut running = Process::new(serve(sandbox, address).args(options).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(running.stdout()).read_line(&mut line).unwrap();
    let told = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no server: {line}{}", sandbox.read(LOG)));
    (running, told)
}

fn serve(sandbox: &Sandbox, address: SocketAddr) -> Command {
    let state = sandbox.file("server-state");
    let mut command = sandbox.command(["serve", "--json", "--data", path(&sandbox.server()), "--server-state"]);
    command.arg(state).args(["--listen", &address.to_string()]);
    command.stderr(File::options().create(true).append(true).open(sandbox.file(LOG)).unwrap());
    command
}
