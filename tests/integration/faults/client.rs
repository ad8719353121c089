//! A test client: runs the commands of one user against a server behind an unreliable network.

use std::fs;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::sandbox::{CommandOutput, Sandbox, TestServer};

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
    environment: Vec<(&'static str, String)>,
    options: Vec<&'static str>,
}

impl TestClient {
    /// Returns a client that reaches the server at `address`.
    pub(crate) fn new(served: &TestServer, address: SocketAddr) -> Self {
        let mut environment = vec![("HESTAT_SERVER_TIMEOUT", "1".into()), ("HESTAT_RETRIES", "2".into())];
        let known = [("HESTAT_SERVER_FINGERPRINT", "fingerprint"), ("HESTAT_PASSWORD_FILE", "password_file")];
        let announced = |(name, key)| Some((name, served.announced(key)?.to_owned()));
        environment.extend(known.into_iter().filter_map(announced));
        Self { url: format!("ftps://hestat@{address}"), environment, options: Vec::new() }
    }

    /// Switches the client to plain FTP without TLS.
    pub(crate) fn plain(mut self) -> Self {
        self.url = self.url.replacen("ftps", "ftp", 1);
        self.environment.retain(|(name, _)| *name != "HESTAT_SERVER_FINGERPRINT");
        self.options.push("--insecure-plain-ftp");
        self
    }

    /// Sets an environment variable for all commands of this client.
    pub(crate) fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.environment.push((variable, value.into()));
        self
    }

    /// Returns a command with this client's options and environment.
    pub(crate) fn command(&self, sandbox: &Sandbox, arguments: &[&str]) -> Command {
        let mut command = sandbox.command(arguments);
        command.args(&self.options);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
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

    /// Runs `init` and resumes the job, as its messages advise, until it is on the server. Returns the job's name.
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
        panic!("never uploaded: {}", output.stderr);
    }

    /// Runs `result` until it succeeds. Returns the statistics.
    pub(crate) fn fetch(&self, sandbox: &Sandbox, job: &str) -> Vec<u8> {
        let end = Instant::now() + RETRY_TIME;
        while Instant::now() < end {
            let output = run(&mut self.result(sandbox, job));
            if output.code == Some(0) {
                return fs::read(sandbox.file("out.csv")).unwrap();
            }
            assert_network_error(&output);
            thread::sleep(PAUSE);
        }
        panic!("never computed");
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> CommandOutput {
    command.stdin(Stdio::null()).output().unwrap().into()
}

/// Asserts that a failed command reports an error that the network explains.
#[track_caller]
pub(crate) fn assert_network_error(output: &CommandOutput) {
    assert!(output.code.is_some_and(|code| NETWORK_EXIT_CODES.contains(&code)), "{output:?}");
    assert!(output.stderr.contains("error: "), "{output:?}");
    // A lost connection must not be reported as a missing job.
    assert!(!output.stderr.contains("has no files of job"), "{output:?}");
}

/// Returns the job that an error message advises to resume.
fn interrupted_job(message: &str) -> Option<String> {
    let (_, rest) = message.rsplit_once("init --resume ")?;
    Some(rest.chars().take_while(char::is_ascii_hexdigit).collect())
}
