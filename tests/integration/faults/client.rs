//! A test client: runs the commands of one user against a server behind an unreliable network.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::programs::run;
use crate::sandbox::{CommandOutput, Sandbox, TestServer};
use crate::server_access::ServerAccess;

/// How long commands are retried after network failures.
const RETRY_TIME: Duration = Duration::from_secs(90);

/// Pause between attempts, to give the network time to recover.
const PAUSE: Duration = Duration::from_millis(200);

/// Exit codes that a network failure alone may cause.
const NETWORK_EXIT_CODES: [i32; 4] = [6, 11, 12, 20];

/// A client that knows the server's password and certificate.
#[derive(Clone)]
pub(crate) struct TestClient {
    url: String,
    access: ServerAccess,
}

impl TestClient {
    /// Returns a client that reaches the server at `address`.
    pub(crate) fn new(served: &TestServer, address: SocketAddr) -> Self {
        let access = ServerAccess::to(served).with("HESTAT_SERVER_TIMEOUT", "1").with("HESTAT_RETRIES", "2");
        Self { url: format!("ftps://hestat@{address}"), access }
    }

    /// Switches the client to FTP without TLS.
    pub(crate) fn without_tls(self) -> Self {
        let access = self.access.without("HESTAT_SERVER_FINGERPRINT").with_option("--insecure-plain-ftp");
        Self { url: self.url.replacen("ftps", "ftp", 1), access }
    }

    /// Sets an environment variable for all commands of this client.
    pub(crate) fn with(self, variable: &'static str, value: &str) -> Self {
        Self { access: self.access.with(variable, value), ..self }
    }

    /// Returns a command of this client.
    pub(crate) fn command(&self, sandbox: &Sandbox, arguments: &[&str]) -> Command {
        self.access.command(sandbox, arguments)
    }

    /// Returns the command that encrypts and uploads a table.
    pub(crate) fn init(&self, sandbox: &Sandbox, table: &str) -> Command {
        self.command(sandbox, &["init", "--json", "--input", table, "--server", &self.url])
    }

    /// Returns the command that fetches a job's statistics into `out.csv`.
    pub(crate) fn result(&self, sandbox: &Sandbox, job: &str) -> Command {
        self.command(sandbox, &["result", job, "--wait", "--timeout", "30", "--output", "out.csv"])
    }

    /// Checks whether the server is reachable.
    pub(crate) fn ping(&self, sandbox: &Sandbox) -> CommandOutput {
        run(&mut self.command(sandbox, &["ping", "--server", &self.url]))
    }

    /// Runs `init` and resumes the job, as its messages suggest, until it is on the server. Returns the job ID.
    pub(crate) fn send(&self, sandbox: &Sandbox, table: &str) -> String {
        let mut output = run(&mut self.init(sandbox, table));
        let end = Instant::now() + RETRY_TIME;
        while Instant::now() < end {
            if output.code == Some(0) {
                return output.json()["job"].as_str().unwrap().to_owned();
            }
            assert_network_error(&output);
            thread::sleep(PAUSE);
            output = match interrupted_job(&output.stderr) {
                Some(job) => run(&mut self.command(sandbox, &["init", "--json", "--resume", &job])),
                None => run(&mut self.init(sandbox, table)),
            };
        }
        panic!("not uploaded within {RETRY_TIME:?}: {output:?}");
    }

    /// Runs `result` until it succeeds. Returns the statistics.
    pub(crate) fn fetch(&self, sandbox: &Sandbox, job: &str) -> Vec<u8> {
        let end = Instant::now() + RETRY_TIME;
        loop {
            let output = run(&mut self.result(sandbox, job));
            if output.code == Some(0) {
                return fs::read(sandbox.file("out.csv")).unwrap();
            }
            assert_network_error(&output);
            assert!(Instant::now() < end, "no result within {RETRY_TIME:?}: {output:?}");
            thread::sleep(PAUSE);
        }
    }
}

/// Asserts that a failed command reports an error that a network failure can cause.
#[track_caller]
pub(crate) fn assert_network_error(output: &CommandOutput) {
    assert!(output.code.is_some_and(|code| NETWORK_EXIT_CODES.contains(&code)), "{output:?}");
    assert!(output.stderr.contains("error: "), "{output:?}");
    // A lost connection must not be reported as a missing job.
    assert!(!output.stderr.contains("has no files of job"), "{output:?}");
}

/// Returns the job in the command `init --resume` that an error message suggests.
fn interrupted_job(message: &str) -> Option<String> {
    let (_, rest) = message.rsplit_once("init --resume ")?;
    Some(rest.chars().take_while(char::is_ascii_hexdigit).collect())
}
