//! A checkout with the fog profile running.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Child;

use serde_json::Value;

use crate::containers::checkout::Checkout;
use crate::containers::engine;
use crate::sandbox::{CommandOutput, entries};

pub(super) const NODES: [&str; 2] = ["fog-node-1", "fog-node-2"];

/// The fog's containers: a client and two nodes.
pub(super) struct Fog {
    pub(super) checkout: Checkout,
}

impl Fog {
    /// Starts the fog's containers, but not `client` and `server`.
    pub(super) fn up() -> Self {
        let checkout = Checkout::new();
        checkout.compose(&["--profile", "fog", "up", "-d", "--build", "fog-client"]).expect_code(0);
        Self { checkout }
    }

    /// Starts sending the content of the file `message`.
    #[expect(clippy::unused_self, reason = "there is a client while there is a fog")]
    pub(super) fn start(&self, message: &Path) -> Child {
        let mut command = engine::command(&["exec", "-i", "fog-client", "hestat", "fog", "client", "--json"]);
        command.stdin(File::open(message).unwrap()).spawn().unwrap()
    }

    /// Sends the content of the file `message`. Returns the client's report.
    #[track_caller]
    pub(super) fn send(&self, message: &Path) -> Value {
        report(self.start(message).wait_with_output().unwrap().into())
    }

    /// Returns the directory of the checkout that a container mounts as `/data`.
    pub(super) fn directory(&self, name: &str) -> PathBuf {
        self.checkout.at("data/fog").join(name.strip_prefix("fog-").unwrap())
    }

    /// Returns the path of a file of a message in that directory.
    pub(super) fn file(&self, name: &str, report: &Value, file: &str) -> PathBuf {
        self.directory(name).join(report["message"].as_str().unwrap()).join(file)
    }

    /// Returns whether the container's journal contains this event.
    pub(super) fn has_logged(&self, name: &str, event: &str) -> bool {
        let journal = fs::read_to_string(self.directory(name).join("journal.jsonl")).unwrap_or_default();
        journal.contains(&format!("\"event\":\"{event}\""))
    }

    /// Asserts that each node's directory of this message contains exactly one part, that the parts make up `message`,
    /// and that the client's directory contains the whole message unchanged.
    #[track_caller]
    pub(super) fn assert_correct(&self, report: &Value, message: &Path) {
        assert_same(&self.file("fog-client", report, "message"), message);
        let parts = NODES.map(|node| {
            let names = entries(&self.file(node, report, ""));
            let part = names.first().unwrap().clone();
            assert_eq!(names, [part.clone(), format!("{part}.jwe"), "public-key.pem".into()], "{node}");
            (part.clone(), fs::read(self.file(node, report, &part)).unwrap())
        });
        let mut parts = parts.to_vec();
        parts.sort();
        assert_eq!([&parts[0].0, &parts[1].0], ["part-1-of-2", "part-2-of-2"]);
        let [first, second] = [&parts[0].1, &parts[1].1];
        assert!(first.len().abs_diff(second.len()) <= 4, "{} and {}", first.len(), second.len());
        assert!([&first[..], second].concat() == fs::read(message).unwrap());
    }
}

impl Drop for Fog {
    fn drop(&mut self) {
        for name in ["fog-client", NODES[0], NODES[1]].iter().filter(|_| std::thread::panicking()) {
            eprintln!("log of {name}:\n{}", engine::run(&["logs", "--tail", "40", name]).stderr);
        }
    }
}

/// Returns the report of a client that has succeeded.
#[track_caller]
pub(super) fn report(output: CommandOutput) -> Value {
    serde_json::from_str(output.expect_code(0).stdout.lines().last().unwrap()).unwrap()
}

#[track_caller]
fn assert_same(one: &Path, other: &Path) {
    let compared: CommandOutput = std::process::Command::new("cmp").args([one, other]).output().unwrap().into();
    compared.expect_code(0);
}
