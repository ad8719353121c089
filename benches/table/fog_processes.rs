//! Processes of `hestat fog`: a client and its nodes, on the loopback interface.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use chrono::DateTime;
use serde_json::Value;

/// Clock ticks per second in `/proc` (`CLK_TCK`).
const TICKS: f64 = 100.0;

/// Sends the message in a file through `nodes` nodes. Returns the seconds from the first part sent to the message on
/// the disk, and the processor seconds of all processes.
pub(crate) fn send_through(nodes: usize, message: &Path, directory: &Path) -> [f64; 2] {
    let out = tempfile::tempdir_in(directory).expect("the directory is writable");
    let before = children_processor_seconds();
    let mut client = client(nodes, message, directory, out.path());
    let mut stdout = BufReader::new(client.stdout.take().expect("stdout is piped"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("the client prints its address");
    let line: Value = serde_json::from_str(&line).expect("the client prints JSON");
    let nodes: Vec<Child> = (1..=nodes).map(|number| node(number, &line, directory, out.path())).collect();
    stdout.read_to_string(&mut String::new()).expect("the client prints its report");
    for mut process in nodes.into_iter().chain([client]) {
        assert!(process.wait().expect("a child process").success());
    }
    [journal_seconds(&out.path().join("client")), children_processor_seconds() - before]
}

fn client(nodes: usize, message: &Path, directory: &Path, out: &Path) -> Child {
    let mut command = fog_command("client", "client", directory, out);
    command.args(["--listen", "127.0.0.1:0", "--accept-any", "--nodes", &nodes.to_string()]);
    command.arg("--file").arg(message).stdout(Stdio::piped()).spawn().expect("the binary was built")
}

fn node(number: usize, announced: &Value, directory: &Path, out: &Path) -> Child {
    let text = |name: &str| announced.get(name).and_then(Value::as_str).expect("the client prints this field");
    let mut command = fog_command("node", &format!("node-{number}"), directory, out);
    command.args(["--connect", text("listening"), "--peer-fingerprint", text("fingerprint")]);
    command.stdout(Stdio::null()).spawn().expect("the binary was built")
}

/// Returns a `hestat fog` command. Keys are kept between rounds, other files are not.
fn fog_command(role: &str, name: &str, directory: &Path, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hestat"));
    command.args(["--json", "--quiet", "fog", role, "--out"]).arg(out.join(name));
    command.arg("--state").arg(directory.join(format!("state-of-{name}"))).stderr(Stdio::null());
    command
}

/// Returns the seconds from the first `given` event to the `reassembled` event in the client's journal.
fn journal_seconds(client: &Path) -> f64 {
    let journal = fs::read_to_string(client.join("journal.jsonl")).expect("the client keeps a journal");
    let events: Vec<Value> =
        journal.lines().map(|line| serde_json::from_str(line).expect("a journal of JSON lines")).collect();
    let milliseconds = |name: &str| {
        let event = events.iter().find(|event| event.get("event").is_some_and(|event| event == name));
        let time = event.and_then(|event| event.get("time")).and_then(Value::as_str).expect("the event occurred");
        DateTime::parse_from_rfc3339(time).expect("an RFC 3339 time").timestamp_millis()
    };
    (milliseconds("reassembled") - milliseconds("given")) as f64 / 1e3
}

/// Returns the processor seconds of all child processes that have ended.
fn children_processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("this is Linux");
    // The name in parentheses may contain anything; cutime and cstime are fields 16 and 17 (proc(5)).
    let rest = stat.rsplit(')').next().expect("split returns at least one field");
    let ticks: u32 =
        rest.split_whitespace().skip(13).take(2).map(|ticks| ticks.parse::<u32>().expect("a number")).sum();
    f64::from(ticks) / TICKS
}
