//! A client, a server and a large table, so that faults occur while a job is in progress.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use hestat::foundation::random::{self, Randomness};
use rand_core::Rng;

use super::super::checkout::Checkout;
use super::super::engine;
use crate::sandbox::{CommandOutput, Process, Sandbox, everything, path, small_table, wait_until};

/// 84 MB of ciphertext, so that the engine's commands take effect during a transfer.
const ROWS: u64 = 1_500_000;

pub(super) struct FaultEnvironment {
    pub(super) checkout: Checkout,
    expected: String,
    random: Randomness,
    /// The length of a complete dataset.
    dataset_length: u64,
    /// How many commands noticed a fault.
    pub(super) noticed: usize,
}

impl FaultEnvironment {
    /// Starts the containers and computes the expected results. `prepare` changes the checkout before the start.
    pub(super) fn new(prepare: impl FnOnce(&mut Checkout)) -> Self {
        let mut checkout = Checkout::new();
        let table = checkout.write_table("table.csv", &small_table(ROWS));
        checkout.configure("HESTAT_CSV=./table.csv");
        let sandbox = Sandbox::new();
        let made = sandbox.succeed(["init", "--json", "--input", path(&table), "--server", &sandbox.url()]).json();
        sandbox.succeed(["run", "--input", path(&table)]);
        prepare(&mut checkout);
        checkout.start();
        Self {
            checkout,
            expected: sandbox.read("decrypted_results.csv"),
            random: random::from_system().unwrap(),
            dataset_length: made["dataset_bytes"].as_u64().unwrap(),
            noticed: 0,
        }
    }

    /// Returns a random delay of at most `milliseconds`.
    pub(super) fn delay(&mut self, milliseconds: u64) -> Duration {
        let delay = Duration::from_millis(self.random.next_u64() % (milliseconds + 1));
        eprintln!("  after {delay:?}");
        delay
    }

    /// Starts a command in the client's container, with these variables.
    pub(super) fn start(variables: &[&str], command: &[&str]) -> Process {
        let variables = variables.iter().flat_map(|variable| ["--env", variable]);
        let arguments: Vec<&str> = ["exec"].into_iter().chain(variables).chain(["client", "hestat"]).collect();
        Process::new(engine::command(&[&arguments, command].concat()).spawn().unwrap())
    }

    /// Starts an upload and waits until it is in progress.
    pub(super) fn upload(&self, variables: &[&str]) -> Process {
        let mut upload = Self::start(variables, &["init"]);
        let parts = || {
            everything(&self.checkout.at("data/server"))
                .iter()
                .any(|file| file.extension().is_some_and(|end| end == "part"))
        };
        wait_until("an upload", || parts() || upload.has_ended());
        upload
    }

    /// Waits for the end of a command that may have met a fault.
    pub(super) fn end(&mut self, command: Process) -> CommandOutput {
        // A client that has handed over its last byte gives the server more than three minutes to store the file.
        let output = command.end_within(Duration::from_mins(5));
        if output.code != Some(0) || output.stderr.contains("; retry ") {
            self.noticed += 1;
        }
        output
    }

    /// Ends all processes of a container with SIGKILL. The engine does not restart a container killed this way.
    pub(super) fn kill(name: &str) {
        engine::output(&["kill", "--signal", "KILL", name]);
    }

    /// Starts the client again.
    pub(super) fn restart_client(&self) {
        engine::output(&["start", "client"]);
        self.checkout.start();
    }

    /// Asserts what must hold at any time: a dataset under its final name is complete.
    #[track_caller]
    pub(super) fn assert_files_complete(&self) {
        for file in everything(&self.checkout.at("data/server")).iter().filter(|file| file.ends_with("dataset.hes")) {
            // It may have been computed and removed meanwhile.
            let length = fs::metadata(file).map_or(self.dataset_length, |meta| meta.len());
            assert_eq!(length, self.dataset_length, "{}", file.display());
        }
        if let Ok(results) = fs::read_to_string(self.results()) {
            assert_eq!(results, self.expected);
        }
    }

    fn results(&self) -> PathBuf {
        self.checkout.at("data/client/decrypted_results.csv")
    }

    /// Returns the jobs in the client's state, with their phases.
    fn jobs(&self) -> Vec<(String, String)> {
        let jobs = self.checkout.client(&["hestat", "jobs", "--json"]).expect_code(0).json();
        let word = |job: &serde_json::Value, name: &str| job[name].as_str().unwrap().to_owned();
        jobs.as_array().unwrap().iter().map(|job| (word(job, "job"), word(job, "phase"))).collect()
    }

    /// Completes the current job, checks that its statistics are exact, and deletes it.
    #[track_caller]
    pub(super) fn complete_job(&self) {
        self.assert_files_complete();
        if self.jobs().is_empty() {
            self.checkout.client(&["hestat", "init"]).expect_code(0);
        }
        let [(job, phase)] = self.jobs().try_into().expect("not exactly one job");
        if phase == "spooled" {
            self.checkout.client(&["hestat", "init", "--resume", &job]).expect_code(0);
        }
        self.checkout.client(&["hestat", "result", "--timeout", "60"]).expect_code(0);
        assert_eq!(fs::read_to_string(self.results()).unwrap(), self.expected);
        self.checkout.client(&["hestat", "forget", &job]).expect_code(0);
        fs::remove_file(self.results()).unwrap();
    }
}

/// Asserts that a command that may have met a fault succeeded or reported an unreachable or unresponsive server.
#[track_caller]
pub(super) fn assert_expected_outcome(output: &CommandOutput) {
    let expected =
        matches!(output.code, Some(0)) || matches!(output.code, Some(11 | 12)) && output.stderr.contains("error: ");
    assert!(expected, "{output:?}");
}
