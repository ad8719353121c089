//! A sandbox whose server is the peer.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::manner::Manner;
use super::peer::{PASSWORD, Peer, USER};
use super::watched::watch;
use crate::sandbox::{CommandOutput, Sandbox, entries};
use crate::site::small_table;

pub(super) struct Stage {
    pub(super) sandbox: Sandbox,
    pub(super) peer: Peer,
}

impl Stage {
    /// With a small table to encrypt.
    pub(super) fn new(manner: Manner) -> Self {
        let sandbox = Sandbox::new();
        sandbox.write("table.csv", small_table(50));
        sandbox.write("password", PASSWORD);
        let peer = Peer::start(&sandbox.server(), manner);
        Self { sandbox, peer }
    }

    pub(super) fn url(&self) -> String {
        format!("ftps://{USER}@{}", self.peer.address())
    }

    /// A command of a user who knows the peer's certificate and password, and has some seconds' patience.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command(arguments);
        command.env("HESTAT_SERVER_FINGERPRINT", self.peer.fingerprint()).env("HESTAT_PASSWORD_FILE", "password");
        command.env("HESTAT_SERVER_TIMEOUT", "4").env("HESTAT_RETRIES", "1");
        command
    }

    pub(super) fn init_command(&self) -> Command {
        self.command(&["init", "--json", "--input", "table.csv", "--server", &self.url()])
    }

    #[track_caller]
    pub(super) fn init(&self, what: &str) -> CommandOutput {
        watch(what, &mut self.init_command())
    }

    #[track_caller]
    pub(super) fn result(&self, what: &str, job: &str) -> CommandOutput {
        watch(what, &mut self.command(&["result", job, "--output", "out.csv"]))
    }

    #[track_caller]
    pub(super) fn ping(&self, what: &str) -> CommandOutput {
        watch(what, &mut self.command(&["ping", "--server", &self.url()]))
    }

    /// Whether a dataset lies on the peer under its final name.
    pub(super) fn has_dataset(&self) -> bool {
        let inbox = self.sandbox.server().join("inbox");
        entries(&inbox).iter().any(|job| inbox.join(job).join("dataset.hes").exists())
    }
}

/// A stage with a job that the peer has honestly taken and computed, and all that is needed to ask for it again.
pub(super) struct Act {
    pub(super) stage: Stage,
    pub(super) job: String,
    pub(super) expected: Vec<u8>,
    record: Vec<u8>,
}

impl Act {
    pub(super) fn new() -> Self {
        let stage = Stage::new(Manner::honest());
        let told = stage.init("honest").expect_code(0).json();
        let job = told["job"].as_str().unwrap().to_owned();
        let record = fs::read(record(&stage.sandbox, &job)).unwrap();
        stage.sandbox.run(["compute", "--keep", "--data", stage.sandbox.server().to_str().unwrap()]).expect_code(0);
        stage.result("honest", &job).expect_code(0);
        let expected = fs::read(stage.sandbox.file("out.csv")).unwrap();
        let act = Self { stage, job, expected, record };
        act.forget_answers();
        act
    }

    /// Sets the job back: no answer was ever seen, and none was written down.
    pub(super) fn forget_answers(&self) {
        fs::write(record(&self.stage.sandbox, &self.job), &self.record).unwrap();
        drop(fs::remove_file(self.stage.sandbox.file("out.csv")));
        self.stage.peer.set_manner(Manner::honest());
    }

    /// Asks for the result of a job that has seen no answer yet, while the peer behaves so.
    #[track_caller]
    pub(super) fn answered(&self, what: &str, manner: Manner) -> CommandOutput {
        self.forget_answers();
        self.stage.peer.set_manner(manner);
        self.stage.result(what, &self.job)
    }

    /// What `result` has written.
    pub(super) fn results(&self) -> Option<Vec<u8>> {
        fs::read(self.stage.sandbox.file("out.csv")).ok()
    }

    /// The path of a file of the job on the peer.
    pub(super) fn file(&self, folder: &str, name: &str) -> PathBuf {
        self.stage.sandbox.server().join(folder).join(&self.job).join(name)
    }

    /// The honest answer is still taken.
    #[track_caller]
    pub(super) fn assert_unspoilt(&self, what: &str) {
        self.stage.peer.set_manner(Manner::honest());
        self.stage.result(what, &self.job).expect_code(0);
        assert!(self.results().as_ref() == Some(&self.expected), "{what}");
    }
}

fn record(sandbox: &Sandbox, job: &str) -> PathBuf {
    sandbox.state().join("jobs").join(job).join("job.json")
}
