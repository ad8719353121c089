//! A client, a server, and a table large enough for something to happen on its way.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use hestat::foundation::random::{self, Randomness};
use rand_core::Rng;

use super::super::checkout::Checkout;
use super::super::engine;
use crate::sandbox::{CommandOutput, Process, Sandbox, everything, path, wait_until};
use crate::site::small_table;

/// 84 MB of ciphertext: time enough for commands of the engine to strike meanwhile.
const ROWS: u64 = 1_500_000;

pub(super) struct Field {
    pub(super) checkout: Checkout,
    expected: String,
    random: Randomness,
    /// The length of a whole dataset.
    whole: u64,
    /// How often a command noticed that something was wrong.
    pub(super) felt: usize,
}

impl Field {
    /// With one job in calm weather behind it. `prepare` changes the checkout before it is started.
    pub(super) fn new(prepare: impl FnOnce(&mut Checkout)) -> Self {
        let mut checkout = Checkout::new();
        let table = checkout.write_table("table.csv", &small_table(ROWS));
        checkout.configure("HESTAT_CSV=./table.csv");
        let sandbox = Sandbox::new();
        let whole = sandbox.succeed(["init", "--json", "--input", path(&table), "--server", &sandbox.url()]).json();
        sandbox.succeed(["run", "--input", path(&table)]);
        prepare(&mut checkout);
        checkout.start();
        Self {
            checkout,
            expected: sandbox.read("decrypted_results.csv"),
            random: random::from_system().unwrap(),
            whole: whole["dataset_bytes"].as_u64().unwrap(),
            felt: 0,
        }
    }

    /// A moment within so many milliseconds.
    pub(super) fn moment(&mut self, milliseconds: u64) -> Duration {
        let moment = Duration::from_millis(self.random.next_u64() % (milliseconds + 1));
        eprintln!("  after {moment:?}");
        moment
    }

    /// A command of the client's, with these variables, while the test goes on.
    pub(super) fn begin(variables: &[&str], command: &[&str]) -> Process {
        let variables = variables.iter().flat_map(|variable| ["--env", variable]);
        let arguments: Vec<&str> = ["exec"].into_iter().chain(variables).chain(["client", "hestat"]).collect();
        Process::new(engine::command(&[&arguments, command].concat()).spawn().unwrap())
    }

    /// An upload that has begun.
    pub(super) fn upload(&self, variables: &[&str]) -> Process {
        let mut upload = Self::begin(variables, &["init"]);
        let parts = || {
            everything(&self.checkout.at("data/server"))
                .iter()
                .any(|file| file.extension().is_some_and(|end| end == "part"))
        };
        wait_until("an upload", || parts() || upload.has_ended());
        upload
    }

    /// The end of a command that may have met with a fault.
    pub(super) fn end(&mut self, command: Process) -> CommandOutput {
        let ended = command.end();
        if ended.code != Some(0) || ended.stderr.contains("; retry ") {
            self.felt += 1;
        }
        ended
    }

    /// Ends all processes of a container with SIGKILL; the engine does not start again what was killed by its own command.
    pub(super) fn strike(name: &str) {
        engine::ask(&["kill", "--signal", "KILL", name]);
    }

    /// Starts the client again.
    pub(super) fn revive(&self) {
        engine::ask(&["start", "client"]);
        self.checkout.start();
    }

    /// What must hold at any time: a dataset that has its name is whole.
    #[track_caller]
    pub(super) fn assert_nothing_half(&self) {
        for file in everything(&self.checkout.at("data/server")).iter().filter(|file| file.ends_with("dataset.hes")) {
            // It may be computed, and so removed, meanwhile.
            let length = fs::metadata(file).map_or(self.whole, |meta| meta.len());
            assert_eq!(length, self.whole, "{}", file.display());
        }
        if let Ok(results) = fs::read_to_string(self.results()) {
            assert_eq!(results, self.expected);
        }
    }

    fn results(&self) -> PathBuf {
        self.checkout.at("data/client/decrypted_results.csv")
    }

    /// The jobs in the client's state.
    fn jobs(&self) -> Vec<(String, String)> {
        let listed = self.checkout.client(&["hestat", "jobs", "--json"]).expect_code(0).json();
        let word = |job: &serde_json::Value, name: &str| job[name].as_str().unwrap().to_owned();
        listed.as_array().unwrap().iter().map(|job| (word(job, "job"), word(job, "phase"))).collect()
    }

    /// Goes on with what there is, to the exact statistics, and cleans up.
    #[track_caller]
    pub(super) fn bring_home(&self) {
        self.assert_nothing_half();
        if self.jobs().is_empty() {
            self.checkout.client(&["hestat", "init"]).expect_code(0);
        }
        let [(job, phase)] = self.jobs().try_into().expect("one job");
        if phase == "spooled" {
            self.checkout.client(&["hestat", "init", "--resume", &job]).expect_code(0);
        }
        self.checkout.client(&["hestat", "result", "--timeout", "60"]).expect_code(0);
        assert_eq!(fs::read_to_string(self.results()).unwrap(), self.expected);
        self.checkout.client(&["hestat", "forget", &job]).expect_code(0);
        fs::remove_file(self.results()).unwrap();
    }
}

/// What a command may end with that met with a fault: well, or with no server, or with one that is silent.
#[track_caller]
pub(super) fn assert_fair(ended: &CommandOutput) {
    let fair = matches!(ended.code, Some(0)) || matches!(ended.code, Some(11 | 12)) && ended.stderr.contains("error: ");
    assert!(fair, "{ended:?}");
}
