//! Sandboxes whose server is the hostile one.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::behavior::Behavior;
use super::monitor::run_monitored;
use super::server::{HostileServer, PASSWORD, USER};
use crate::sandbox::small_table;
use crate::sandbox::{CommandOutput, Sandbox, entries};

/// A client's sandbox and a server.
pub(super) struct Fixture {
    pub(super) sandbox: Sandbox,
    pub(super) server: HostileServer,
}

impl Fixture {
    /// Starts a server and writes a small table to encrypt.
    pub(super) fn new(behavior: Behavior) -> Self {
        let sandbox = Sandbox::new();
        sandbox.write("table.csv", small_table(50));
        sandbox.write("password", PASSWORD);
        let server = HostileServer::start(&sandbox.server(), behavior);
        Self { sandbox, server }
    }

    pub(super) fn url(&self) -> String {
        format!("ftps://{USER}@{}", self.server.address())
    }

    /// Returns a command with the server's certificate and password and short timeouts.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command(arguments);
        command.env("HESTAT_SERVER_FINGERPRINT", self.server.fingerprint()).env("HESTAT_PASSWORD_FILE", "password");
        command.env("HESTAT_SERVER_TIMEOUT", "4").env("HESTAT_RETRIES", "1");
        command
    }

    pub(super) fn init_command(&self) -> Command {
        self.command(&["init", "--json", "--input", "table.csv", "--server", &self.url()])
    }

    #[track_caller]
    pub(super) fn init(&self, case: &str) -> CommandOutput {
        run_monitored(case, &mut self.init_command())
    }

    #[track_caller]
    pub(super) fn result(&self, case: &str, job: &str) -> CommandOutput {
        run_monitored(case, &mut self.command(&["result", job, "--output", "out.csv"]))
    }

    #[track_caller]
    pub(super) fn ping(&self, case: &str) -> CommandOutput {
        run_monitored(case, &mut self.command(&["ping", "--server", &self.url()]))
    }

    /// Returns whether the server holds a dataset under its final name.
    pub(super) fn has_dataset(&self) -> bool {
        let inbox = self.sandbox.server().join("inbox");
        entries(&inbox).iter().any(|job| inbox.join(job).join("dataset.hes").exists())
    }
}

/// A job that was uploaded and computed while the server behaved correctly, ready to be fetched.
pub(super) struct ComputedJob {
    pub(super) fixture: Fixture,
    pub(super) job: String,
    pub(super) expected: Vec<u8>,
    record: Vec<u8>,
}

impl ComputedJob {
    pub(super) fn new() -> Self {
        let fixture = Fixture::new(Behavior::correct());
        let made = fixture.init("honest").expect_code(0).json();
        let job = made["job"].as_str().unwrap().to_owned();
        let record = fs::read(record(&fixture.sandbox, &job)).unwrap();
        fixture.sandbox.run(["compute", "--keep", "--data", fixture.sandbox.server().to_str().unwrap()]).expect_code(0);
        fixture.result("honest", &job).expect_code(0);
        let expected = fs::read(fixture.sandbox.file("out.csv")).unwrap();
        let computed = Self { fixture, job, expected, record };
        computed.reset();
        computed
    }

    /// Resets the job to the state before its totals were first fetched.
    pub(super) fn reset(&self) {
        fs::write(record(&self.fixture.sandbox, &self.job), &self.record).unwrap();
        let _ = fs::remove_file(self.fixture.sandbox.file("out.csv"));
        self.fixture.server.set_behavior(Behavior::correct());
    }

    /// Fetches the result as if for the first time, while the server behaves this way.
    #[track_caller]
    pub(super) fn result_with(&self, case: &str, behavior: Behavior) -> CommandOutput {
        self.reset();
        self.fixture.server.set_behavior(behavior);
        self.fixture.result(case, &self.job)
    }

    /// Returns the file that `result` has written.
    pub(super) fn results(&self) -> Option<Vec<u8>> {
        fs::read(self.fixture.sandbox.file("out.csv")).ok()
    }

    /// Returns the path of one of the job's files on the server.
    pub(super) fn file(&self, directory: &str, name: &str) -> PathBuf {
        self.fixture.sandbox.server().join(directory).join(&self.job).join(name)
    }

    /// Asserts that the correct totals are still accepted.
    #[track_caller]
    pub(super) fn assert_job_intact(&self, case: &str) {
        self.fixture.server.set_behavior(Behavior::correct());
        self.fixture.result(case, &self.job).expect_code(0);
        assert!(self.results().as_ref() == Some(&self.expected), "{case}");
    }
}

fn record(sandbox: &Sandbox, job: &str) -> PathBuf {
    sandbox.state().join("jobs").join(job).join("job.json")
}
