//! Sandboxes whose server is the hostile one.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use hestat::package::JobId;

use super::behavior::Behavior;
use super::monitor::run_monitored;
use super::server::{HostileServer, PASSWORD, USER};
use crate::sandbox::{CommandOutput, Sandbox, entries, path, small_table};
use crate::server_access::ServerAccess;

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
        let access = ServerAccess::default()
            .with("HESTAT_SERVER_FINGERPRINT", &self.server.fingerprint())
            .with("HESTAT_PASSWORD_FILE", "password")
            .with("HESTAT_SERVER_TIMEOUT", "4")
            .with("HESTAT_RETRIES", "1");
        access.command(&self.sandbox, arguments)
    }

    pub(super) fn init_command(&self) -> Command {
        self.command(&["init", "--json", "--input", "table.csv", "--server", &self.url()])
    }

    #[track_caller]
    pub(super) fn init(&self, case: &str) -> CommandOutput {
        run_monitored(case, &mut self.init_command())
    }

    #[track_caller]
    pub(super) fn result(&self, case: &str, job: JobId) -> CommandOutput {
        run_monitored(case, &mut self.command(&["result", &job.to_string(), "--output", "out.csv"]))
    }

    /// Uploads the table as a new job and computes it on the server, which keeps the dataset.
    #[track_caller]
    pub(super) fn compute_new_job(&self) -> JobId {
        let created = self.init("honest").expect_code(0).json();
        self.sandbox.succeed(["compute", "--keep", "--data", path(&self.sandbox.server())]);
        created["job"].as_str().unwrap().parse().unwrap()
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

/// A job that was uploaded and computed while the hostile server behaved correctly. Its result can be fetched any
/// number of times.
pub(super) struct FetchableJob {
    pub(super) fixture: Fixture,
    pub(super) job: JobId,
    pub(super) expected: Vec<u8>,
    /// The job's record right after the upload.
    record: Vec<u8>,
}

impl FetchableJob {
    pub(super) fn new() -> Self {
        let fixture = Fixture::new(Behavior::correct());
        let job = fixture.compute_new_job();
        let record = fs::read(fixture.sandbox.record(job)).unwrap();
        fixture.result("honest", job).expect_code(0);
        let expected = fs::read(fixture.sandbox.file("out.csv")).unwrap();
        let computed = Self { fixture, job, expected, record };
        computed.reset();
        computed
    }

    /// Resets the job to the state before its totals were first fetched.
    pub(super) fn reset(&self) {
        fs::write(self.fixture.sandbox.record(self.job), &self.record).unwrap();
        let _ = fs::remove_file(self.fixture.sandbox.file("out.csv"));
        self.fixture.server.set_behavior(Behavior::correct());
    }

    /// Fetches the result as if for the first time, while the server behaves this way.
    #[track_caller]
    pub(super) fn result_with(&self, case: &str, behavior: Behavior) -> CommandOutput {
        self.reset();
        self.fixture.server.set_behavior(behavior);
        self.fixture.result(case, self.job)
    }

    /// Returns the file that `result` has written.
    pub(super) fn results(&self) -> Option<Vec<u8>> {
        fs::read(self.fixture.sandbox.file("out.csv")).ok()
    }

    /// Returns the path of the job's dataset on the server.
    pub(super) fn dataset(&self) -> PathBuf {
        self.fixture.sandbox.dataset(self.job)
    }

    /// Returns the path of the job's totals on the server.
    pub(super) fn totals(&self) -> PathBuf {
        self.fixture.sandbox.totals(self.job)
    }

    /// Asserts that the correct totals are still accepted.
    #[track_caller]
    pub(super) fn assert_job_intact(&self, case: &str) {
        self.fixture.server.set_behavior(Behavior::correct());
        self.fixture.result(case, self.job).expect_code(0);
        assert!(self.results().as_ref() == Some(&self.expected), "{case}");
    }
}
