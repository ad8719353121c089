//! A checkout whose profile fog is up.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Child;

use serde_json::Value;

use crate::containers::checkout::Checkout;
use crate::containers::engine;
use crate::sandbox::{CommandOutput, entries};

pub(super) const NODES: [&str; 2] = ["fog-node-1", "fog-node-2"];

/// Client and nodes.
pub(super) struct Fog {
    pub(super) checkout: Checkout,
}

impl Fog {
    /// These three, and neither `client` nor `server`.
    pub(super) fn up() -> Self {
        let checkout = Checkout::new();
        checkout.compose(&["--profile", "fog", "up", "-d", "--build", "fog-client"]).expect_code(0);
        Self { checkout }
    }

    /// Begins to send what is in `message`.
    #[expect(clippy::unused_self, reason = "there is a client while there is a fog")]
    pub(super) fn begin(&self, message: &Path) -> Child {
        let mut command = engine::command(&["exec", "-i", "fog-client", "hestat", "fog", "client", "--json"]);
        command.stdin(File::open(message).unwrap()).spawn().unwrap()
    }

    /// Sends what is in `message`; what is told of it in the end.
    #[track_caller]
    pub(super) fn send(&self, message: &Path) -> Value {
        result(self.begin(message).wait_with_output().unwrap().into())
    }

    /// The folder that a container has as `/data`.
    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.checkout.at("data/fog").join(name.strip_prefix("fog-").unwrap())
    }

    /// A file of a message in there.
    pub(super) fn file(&self, name: &str, told: &Value, file: &str) -> PathBuf {
        self.folder(name).join(told["message"].as_str().unwrap()).join(file)
    }

    /// Whether this was written down by that container.
    pub(super) fn has_noted(&self, name: &str, event: &str) -> bool {
        let journal = fs::read_to_string(self.folder(name).join("journal.jsonl")).unwrap_or_default();
        journal.contains(&format!("\"event\":\"{event}\""))
    }

    /// Each node's folder of this message has one part, the first or the second, which is `message` there, and no other;
    /// the client's has all of it, as it was.
    #[track_caller]
    pub(super) fn assert_right(&self, told: &Value, message: &Path) {
        assert_same(&self.file("fog-client", told, "message"), message);
        let parts = NODES.map(|node| {
            let names = entries(&self.file(node, told, ""));
            let part = names.first().unwrap().clone();
            assert_eq!(names, [part.clone(), format!("{part}.jwe"), "public-key.pem".into()], "{node}");
            (part.clone(), fs::read(self.file(node, told, &part)).unwrap())
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
            eprintln!("{name} said:\n{}", engine::run(&["logs", "--tail", "40", name]).stderr);
        }
    }
}

/// What is told of a message that is back.
#[track_caller]
pub(super) fn result(ended: CommandOutput) -> Value {
    let ended = ended.expect_code(0);
    serde_json::from_str(ended.stdout.lines().last().unwrap()).unwrap()
}

#[track_caller]
fn assert_same(one: &Path, other: &Path) {
    let compared: CommandOutput = std::process::Command::new("cmp").args([one, other]).output().unwrap().into();
    compared.expect_code(0);
}
