//! A client and its nodes, each a process with its own directory and identity.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::sandbox::{CommandOutput, Process, Sandbox, entries, files_below, path, wait_until, wrapped};

/// How long a client may take for its first line, and to end.
const TIME_LIMIT: Duration = Duration::from_mins(3);

/// A sandbox in which each party has a state directory and an output directory named after it.
pub(super) struct Parties {
    pub(super) sandbox: Sandbox,
}

/// A running client.
pub(super) struct Client {
    running: Process,
    /// The first line of its standard output, then the rest.
    output: mpsc::Receiver<String>,
    pub(super) address: SocketAddr,
    pub(super) fingerprint: String,
    pub(super) message: String,
}

impl Parties {
    pub(super) fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.write("key.pem", rsa_key_pem());
        Self { sandbox }
    }

    /// Returns a command of one party.
    pub(super) fn command(&self, party: &str, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command(arguments);
        command.env("HESTAT_STATE", self.state(party)).env("HESTAT_FOG_OUT", self.out(party));
        command
    }

    pub(super) fn state(&self, party: &str) -> PathBuf {
        self.sandbox.file(&format!("state-of-{party}"))
    }

    /// Returns a party's output directory.
    pub(super) fn out(&self, party: &str) -> PathBuf {
        self.sandbox.file(party)
    }

    /// Creates a party's identity. Returns its fingerprint.
    pub(super) fn create_identity(&self, party: &str) -> String {
        let name = if party == "client" { "fog-client" } else { "fog-node" };
        let output: CommandOutput = self.command(party, &["identity", "new", name, "--json"]).output().unwrap().into();
        output.expect_code(0).json()["fingerprint"].as_str().unwrap().into()
    }

    /// Starts a client that accepts any node unless `arguments` contain `--allow-peer`.
    #[track_caller]
    pub(super) fn client(&self, arguments: &[&str]) -> Client {
        self.client_at("127.0.0.1:0", arguments)
    }

    /// Starts a client that reads its message from standard input.
    #[track_caller]
    pub(super) fn client_with_stdin(&self, input: File) -> Client {
        let mut command = self.client_command("127.0.0.1:0", &[]);
        command.stdin(input);
        Client::start(command)
    }

    #[track_caller]
    pub(super) fn client_at(&self, listen: &str, arguments: &[&str]) -> Client {
        Client::start(self.client_command(listen, arguments))
    }

    /// Starts a client whose standard error goes to a file.
    #[track_caller]
    pub(super) fn client_with_log(&self, log: &Path, arguments: &[&str]) -> Client {
        let mut command = self.client_command("127.0.0.1:0", arguments);
        command.stderr(File::create(log).unwrap());
        Client::start(command)
    }

    /// Starts a client through another command, such as `prlimit`.
    #[track_caller]
    pub(super) fn client_under(&self, words: &[&str], arguments: &[&str]) -> Client {
        Client::start(wrapped(words, &self.client_command("127.0.0.1:0", arguments)))
    }

    fn client_command(&self, listen: &str, arguments: &[&str]) -> Command {
        let mut own = vec!["fog", "client", "--json", "--listen", listen];
        if !arguments.contains(&"--allow-peer") {
            own.push("--accept-any");
        }
        let key = self.sandbox.file("key.pem");
        if !arguments.contains(&"--bits") && !arguments.contains(&"--key") {
            own.extend(["--key", path(&key)]);
        }
        self.command("client", &[&own, arguments].concat())
    }

    /// Starts a node that checks the fingerprint of the client.
    pub(super) fn node(&self, party: &str, client: &Client, arguments: &[&str]) -> Process {
        self.node_at(party, client.address, &client.fingerprint, arguments)
    }

    /// Starts a node that connects to `address` and checks this fingerprint.
    pub(super) fn node_at(&self, party: &str, address: SocketAddr, fingerprint: &str, arguments: &[&str]) -> Process {
        let address = address.to_string();
        let own = ["fog", "node", "--json", "--connect", &address, "--peer-fingerprint", fingerprint];
        Process::new(self.command(party, &[&own, arguments].concat()).spawn().unwrap())
    }

    /// Returns the events in a party's journal so far.
    pub(super) fn journal(&self, party: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.out(party).join("journal.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Returns how often an event is in a party's journal.
    pub(super) fn count(&self, party: &str, event: &str) -> usize {
        self.journal(party).iter().filter(|written| written["event"] == event).count()
    }

    /// Waits until an event is in a party's journal.
    #[track_caller]
    pub(super) fn wait_for(&self, party: &str, event: &str) {
        wait_until(event, || self.count(party, event) > 0);
    }

    /// Returns the names of all files of a party except the journal, as `<message>/<file>`.
    pub(super) fn files(&self, party: &str) -> Vec<String> {
        let root = self.out(party);
        let name = |file: PathBuf| file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        files_below(&root).into_iter().map(name).filter(|name| name != "journal.jsonl").collect()
    }

    /// Reads a party's file of a message.
    pub(super) fn read(&self, party: &str, message: &str, file: &str) -> Vec<u8> {
        let path = self.out(party).join(message).join(file);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Returns the paths and contents of all files of a party.
    pub(super) fn all_bytes(&self, party: &str) -> Vec<u8> {
        let content = |file: PathBuf| [path(&file).as_bytes(), &fs::read(&file).unwrap()].concat();
        files_below(&self.out(party)).into_iter().flat_map(content).collect()
    }
}

/// Returns an RSA key in PEM. It is generated once, since that takes longer than most tests.
pub(super) fn rsa_key_pem() -> &'static [u8] {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    KEY.get_or_init(|| {
        let arguments = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
        let key = crate::programs::run_bytes(crate::programs::program("openssl").args(arguments));
        assert!(key.starts_with(b"-----BEGIN PRIVATE KEY-----"));
        key
    })
}

impl Client {
    #[track_caller]
    fn start(mut command: Command) -> Self {
        let mut running = Process::new(command.spawn().unwrap());
        let mut stdout = BufReader::new(running.stdout());
        let (sender, output) = mpsc::channel();
        // A thread reads, so that a client that hangs cannot block the test for ever.
        thread::spawn(move || {
            let (mut line, mut rest) = (String::new(), String::new());
            stdout.read_line(&mut line).unwrap();
            // Nobody may be waiting for the output any more.
            let _ = sender.send(line);
            stdout.read_to_string(&mut rest).unwrap();
            let _ = sender.send(rest);
        });
        let line = output.recv_timeout(TIME_LIMIT).expect("no line from the client in time");
        let Ok(listening) = serde_json::from_str::<Value>(&line) else {
            panic!("the client has failed: {line} {:?}", running.end())
        };
        let field = |name: &str| listening[name].as_str().unwrap().to_owned();
        let address = field("listening").parse().unwrap();
        Self { running, output, address, fingerprint: field("fingerprint"), message: field("message") }
    }

    pub(super) fn process(&self) -> &Process {
        &self.running
    }

    pub(super) fn kill(self) {
        self.running.signal(Signal::KILL);
        self.running.end();
    }

    /// Waits for the end. Returns the output after the first line.
    pub(super) fn end(self) -> CommandOutput {
        let ended = self.running.end_within(TIME_LIMIT);
        CommandOutput { stdout: self.output.recv_timeout(TIME_LIMIT).unwrap(), ..ended }
    }

    /// Waits for success. Returns the report.
    #[track_caller]
    pub(super) fn expect_report(self) -> Value {
        self.end().expect_code(0).json()
    }
}

/// Asserts that a node has the files of exactly one part. Returns its name.
#[track_caller]
pub(super) fn assert_holds_one_part(parties: &Parties, node: &str, message: &str) -> String {
    let names = entries(&parties.out(node).join(message));
    let part = names.iter().find(|name| name.starts_with("part-") && name.strip_suffix(".jwe").is_none()).unwrap();
    assert_eq!(names, [part.clone(), format!("{part}.jwe"), "public-key.pem".into()]);
    part.clone()
}

/// Waits until the nodes have ended successfully.
#[track_caller]
pub(super) fn assert_all_succeed(nodes: impl IntoIterator<Item = Process>) {
    for node in nodes {
        node.end().expect_code(0);
    }
}
