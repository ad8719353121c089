//! `hestat fog` as processes: a client and its nodes, on the loopback interface.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use chrono::DateTime;
use serde_json::Value;

/// Clock ticks of a second, as `/proc` counts them.
const TICKS: f64 = 100.0;

/// Sends the message in a file through so many nodes: seconds from the first part given to the message back on the disk,
/// and seconds that all processes kept processors busy, from beginning to end.
pub(crate) fn send_through(nodes: usize, message: &Path, place: &Path) -> [f64; 2] {
    let out = tempfile::tempdir_in(place).expect("the directory can be written to");
    let before = children_processor_seconds();
    let mut client = client(nodes, message, place, out.path());
    let mut told = BufReader::new(client.stdout.take().expect("it is piped"));
    let mut line = String::new();
    told.read_line(&mut line).expect("it tells where it listens");
    let line: Value = serde_json::from_str(&line).expect("it tells so in JSON");
    let nodes: Vec<Child> = (1..=nodes).map(|number| node(number, &line, place, out.path())).collect();
    told.read_to_string(&mut String::new()).expect("it tells that it is done");
    for mut party in nodes.into_iter().chain([client]) {
        assert!(party.wait().expect("it is our child").success());
    }
    [time_of(&out.path().join("client")), children_processor_seconds() - before]
}

fn client(nodes: usize, message: &Path, place: &Path, out: &Path) -> Child {
    let mut command = party("client", "client", place, out);
    command.args(["--listen", "127.0.0.1:0", "--accept-any", "--nodes", &nodes.to_string()]);
    command.arg("--file").arg(message).stdout(Stdio::piped()).spawn().expect("the binary was built")
}

fn node(number: usize, told: &Value, place: &Path, out: &Path) -> Child {
    let text = |name: &str| told.get(name).and_then(Value::as_str).expect("it tells this");
    let mut command = party("node", &format!("node-{number}"), place, out);
    command.args(["--connect", text("listening"), "--peer-fingerprint", text("fingerprint")]);
    command.stdout(Stdio::null()).spawn().expect("the binary was built")
}

/// Keys stay from round to round, files do not.
fn party(role: &str, name: &str, place: &Path, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hestat"));
    command.args(["--json", "--quiet", "fog", role, "--out"]).arg(out.join(name));
    command.arg("--state").arg(place.join(format!("state-of-{name}"))).stderr(Stdio::null());
    command
}

/// Seconds between two events in the client's journal.
fn time_of(client: &Path) -> f64 {
    let journal = fs::read_to_string(client.join("journal.jsonl")).expect("it keeps one");
    let events: Vec<Value> = journal.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    let milliseconds = |name: &str| {
        let event = events.iter().find(|event| event.get("event").is_some_and(|event| event == name));
        let time = event.and_then(|event| event.get("time")).and_then(Value::as_str).expect("it has happened");
        DateTime::parse_from_rfc3339(time).expect("it is a time").timestamp_millis()
    };
    (milliseconds("reassembled") - milliseconds("given")) as f64 / 1e3
}

/// Of all children that have ended.
fn children_processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("this is Linux");
    // What is in brackets is a name and may be anything; cutime and cstime are numbers 16 and 17 (proc(5)).
    let rest = stat.rsplit(')').next().expect("there is always one");
    let ticks: u32 =
        rest.split_whitespace().skip(13).take(2).map(|ticks| ticks.parse::<u32>().expect("a number")).sum();
    f64::from(ticks) / TICKS
}
