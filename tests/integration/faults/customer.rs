//! A user who sends a server jobs.

use std::fs;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::sandbox::{CommandOutput, Sandbox, TestServer};

/// How long a user runs a command again that an unreliable network ended.
const PATIENCE: Duration = Duration::from_secs(90);

/// Before each time; nothing is waited for but that the network has had some time.
const PAUSE: Duration = Duration::from_millis(200);

/// The codes with which a command may end because of the network alone.
const NETWORK: [i32; 4] = [6, 11, 12, 20];

/// A user of a server, who knows its password and its certificate.
#[derive(Clone)]
pub(crate) struct Customer {
    url: String,
    environment: Vec<(&'static str, String)>,
    options: Vec<&'static str>,
}

impl Customer {
    /// Who reaches the server at `address`.
    pub(crate) fn new(served: &TestServer, address: SocketAddr) -> Self {
        let mut environment = vec![("HESTAT_SERVER_TIMEOUT", "1".into()), ("HESTAT_RETRIES", "2".into())];
        let known = [("HESTAT_SERVER_FINGERPRINT", "fingerprint"), ("HESTAT_PASSWORD_FILE", "password_file")];
        let told = |(name, key)| Some((name, served.announced(key)?.to_owned()));
        environment.extend(known.into_iter().filter_map(told));
        Self { url: format!("ftps://hestat@{address}"), environment, options: Vec::new() }
    }

    /// Who asks for no TLS.
    pub(crate) fn plain(mut self) -> Self {
        self.url = self.url.replacen("ftps", "ftp", 1);
        self.environment.retain(|(name, _)| *name != "HESTAT_SERVER_FINGERPRINT");
        self.options.push("--insecure-plain-ftp");
        self
    }

    /// With another value of a variable.
    pub(crate) fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.environment.push((variable, value.into()));
        self
    }

    /// A command of the user's.
    pub(crate) fn command(&self, sandbox: &Sandbox, arguments: &[&str]) -> Command {
        let mut command = sandbox.command(arguments);
        command.args(&self.options);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The command that encrypts a table.
    pub(crate) fn init(&self, sandbox: &Sandbox, table: &str) -> Command {
        self.command(sandbox, &["init", "--json", "--input", table, "--server", &self.url])
    }

    /// The command that fetches a job's statistics into `out.csv`.
    pub(crate) fn result(&self, sandbox: &Sandbox, job: &str) -> Command {
        self.command(sandbox, &["result", job, "--wait", "--timeout", "30", "--output", "out.csv"])
    }

    /// Asks whether the server is well.
    pub(crate) fn ping(&self, sandbox: &Sandbox) -> CommandOutput {
        run(&mut self.command(sandbox, &["ping", "--server", &self.url]))
    }

    /// Runs `init`, and goes on with the job as its messages say until it is on the server; returns its name.
    pub(crate) fn send(&self, sandbox: &Sandbox, table: &str) -> String {
        let mut ended = run(&mut self.init(sandbox, table));
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if ended.code == Some(0) {
                return ended.json()["job"].as_str().unwrap().to_owned();
            }
            assert_clear(&ended);
            thread::sleep(PAUSE);
            ended = match interrupted_job(&ended.stderr) {
                Some(job) => run(&mut self.command(sandbox, &["init", "--json", "--resume", &job])),
                None => run(&mut self.init(sandbox, table)),
            };
        }
        panic!("never uploaded: {}", ended.stderr);
    }

    /// Runs `result` until it has it; returns the statistics.
    pub(crate) fn fetch(&self, sandbox: &Sandbox, job: &str) -> Vec<u8> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let ended = run(&mut self.result(sandbox, job));
            if ended.code == Some(0) {
                return fs::read(sandbox.file("out.csv")).unwrap();
            }
            assert_clear(&ended);
            thread::sleep(PAUSE);
        }
        panic!("never computed");
    }
}

/// Runs it to its end.
pub(crate) fn run(command: &mut Command) -> CommandOutput {
    command.stdin(Stdio::null()).output().unwrap().into()
}

/// Insists that a command which failed says so, and that it was the network's doing.
#[track_caller]
pub(crate) fn assert_clear(ended: &CommandOutput) {
    assert!(ended.code.is_some_and(|code| NETWORK.contains(&code)), "{ended:?}");
    assert!(ended.stderr.contains("error: "), "{ended:?}");
    // Where the server has the job, that would be wrong.
    assert!(!ended.stderr.contains("has no files of job"), "{ended:?}");
}

/// The job that a message tells to go on with.
fn interrupted_job(message: &str) -> Option<String> {
    let (_, rest) = message.rsplit_once("init --resume ")?;
    Some(rest.chars().take_while(char::is_ascii_hexdigit).collect())
}
