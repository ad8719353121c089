//! A client and its nodes, each a process with a folder and an identity of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command};
use std::sync::OnceLock;

use rustix::process::Signal;
use serde_json::Value;

use crate::house::{Ended, House, Running, entries, everything, path, wait_until, wrapped};

/// Where the parties work. Each has a state and a folder called after it.
pub(super) struct Parties {
    pub(super) house: House,
}

/// A client that waits for nodes, or has them at work.
pub(super) struct Client {
    running: Running,
    stdout: BufReader<ChildStdout>,
    pub(super) address: SocketAddr,
    pub(super) fingerprint: String,
    pub(super) message: String,
}

impl Parties {
    pub(super) fn new() -> Self {
        let house = House::new();
        house.write("key.pem", key());
        Self { house }
    }

    /// A command of one of them.
    pub(super) fn command(&self, party: &str, arguments: &[&str]) -> Command {
        let mut command = self.house.command(arguments);
        command.env("HESTAT_STATE", self.state(party)).env("HESTAT_FOG_OUT", self.out(party));
        command
    }

    pub(super) fn state(&self, party: &str) -> PathBuf {
        self.house.file(&format!("state-of-{party}"))
    }

    /// The folder for a party's files.
    pub(super) fn out(&self, party: &str) -> PathBuf {
        self.house.file(party)
    }

    /// The fingerprint of a party's identity, which is made.
    pub(super) fn enrol(&self, party: &str) -> String {
        let name = if party == "client" { "fog-client" } else { "fog-node" };
        let told: Ended = self.command(party, &["identity", "new", name, "--json"]).output().unwrap().into();
        told.expect_code(0).json()["fingerprint"].as_str().unwrap().into()
    }

    /// Starts a client that takes in anyone, unless the arguments say otherwise.
    #[track_caller]
    pub(super) fn client(&self, arguments: &[&str]) -> Client {
        self.client_at("127.0.0.1:0", arguments)
    }

    /// Starts a client whose message comes by standard input.
    #[track_caller]
    pub(super) fn client_reading(&self, input: File) -> Client {
        let mut command = self.client_command("127.0.0.1:0", &[]);
        command.stdin(input);
        Client::start(command)
    }

    #[track_caller]
    pub(super) fn client_at(&self, listen: &str, arguments: &[&str]) -> Client {
        Client::start(self.client_command(listen, arguments))
    }

    /// Starts a client that says what happens in a file.
    #[track_caller]
    pub(super) fn client_logging(&self, log: &Path, arguments: &[&str]) -> Client {
        let mut command = self.client_command("127.0.0.1:0", arguments);
        command.stderr(File::create(log).unwrap());
        Client::start(command)
    }

    /// Starts a client that another command runs, which the words are.
    #[track_caller]
    pub(super) fn client_run_by(&self, words: &[&str], arguments: &[&str]) -> Client {
        Client::start(wrapped(words, &self.client_command("127.0.0.1:0", arguments)))
    }

    fn client_command(&self, listen: &str, arguments: &[&str]) -> Command {
        let mut all = vec!["fog", "client", "--json", "--listen", listen];
        if !arguments.contains(&"--allow-peer") {
            all.push("--accept-any");
        }
        let key = self.house.file("key.pem");
        if !arguments.contains(&"--bits") && !arguments.contains(&"--key") {
            all.extend(["--key", path(&key)]);
        }
        self.command("client", &[&all, arguments].concat())
    }

    /// Starts a node that knows the client by its fingerprint.
    pub(super) fn node(&self, party: &str, client: &Client, arguments: &[&str]) -> Running {
        self.node_at(party, client.address, &client.fingerprint, arguments)
    }

    pub(super) fn node_at(&self, party: &str, address: SocketAddr, fingerprint: &str, arguments: &[&str]) -> Running {
        let address = address.to_string();
        let usual = ["fog", "node", "--json", "--connect", &address, "--peer-fingerprint", fingerprint];
        Running::new(self.command(party, &[&usual, arguments].concat()).spawn().unwrap())
    }

    /// The events in a party's journal, so far.
    pub(super) fn journal(&self, party: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.out(party).join("journal.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// How often a party has written this event down.
    pub(super) fn count(&self, party: &str, event: &str) -> usize {
        self.journal(party).iter().filter(|written| written["event"] == event).count()
    }

    /// Waits until a party has written this event down.
    #[track_caller]
    pub(super) fn wait_for(&self, party: &str, event: &str) {
        wait_until(event, || self.count(party, event) > 0);
    }

    /// Names of all files in a party's folder but the journal, each below its message.
    pub(super) fn files(&self, party: &str) -> Vec<String> {
        let root = self.out(party);
        let files = everything(&root).into_iter().filter(|file| file.is_file());
        let name = |file: PathBuf| file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        files.map(name).filter(|name| name != "journal.jsonl").collect()
    }

    /// A file of a party's that belongs to a message.
    pub(super) fn read(&self, party: &str, message: &str, file: &str) -> Vec<u8> {
        let path = self.out(party).join(message).join(file);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// All bytes of all files of a party.
    pub(super) fn all_bytes(&self, party: &str) -> Vec<u8> {
        let files = everything(&self.out(party)).into_iter().filter(|file| file.is_file());
        files.flat_map(|file| [file.to_str().unwrap().as_bytes().to_vec(), fs::read(&file).unwrap()].concat()).collect()
    }
}

/// An RSA key in PEM: made once, since that takes longer than most of what it is used for.
pub(super) fn key() -> &'static [u8] {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    KEY.get_or_init(|| {
        let arguments = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
        let made = crate::programs::run_bytes(crate::programs::program("openssl").args(arguments));
        assert!(made.starts_with(b"-----BEGIN PRIVATE KEY-----"));
        made
    })
}

impl Client {
    #[track_caller]
    fn start(mut command: Command) -> Self {
        let mut running = Running::new(command.spawn().unwrap());
        let mut stdout = BufReader::new(running.stdout());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Ok(told) = serde_json::from_str::<Value>(&line) else { panic!("no client: {line} {:?}", running.end()) };
        let word = |name: &str| told[name].as_str().unwrap().to_owned();
        let address = word("listening").parse().unwrap();
        Self { running, stdout, address, fingerprint: word("fingerprint"), message: word("message") }
    }

    pub(super) fn process(&self) -> &Running {
        &self.running
    }

    pub(super) fn kill(self) {
        self.running.signal(Signal::KILL);
        self.running.end();
    }

    /// Waits for its end; what it printed after it said where it listens.
    pub(super) fn end(mut self) -> Ended {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        Ended { stdout: rest, ..self.running.end() }
    }

    /// Waits for a good end; what it says of the message.
    #[track_caller]
    pub(super) fn returned(self) -> Value {
        self.end().expect_code(0).json()
    }
}

/// What a folder of a node holds that has done a part.
#[track_caller]
pub(super) fn holds_one_part(parties: &Parties, node: &str, message: &str) -> String {
    let names = entries(&parties.out(node).join(message));
    let part = names.iter().find(|name| name.starts_with("part-") && name.strip_suffix(".jwe").is_none()).unwrap();
    assert_eq!(names, [part.clone(), format!("{part}.jwe"), "public-key.pem".into()]);
    part.clone()
}

/// Waits for the end of nodes, which must be a good one.
#[track_caller]
pub(super) fn all_end_well(nodes: impl IntoIterator<Item = Running>) {
    nodes.into_iter().for_each(|node| drop(node.end().expect_code(0)));
}
