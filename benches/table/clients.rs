//! `hestat serve`, and many clients at once.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use hestat::foundation::observer::Observer;
use hestat::package::JobId;
use hestat::transfer::{Connector, Location, ServerTrust};
use serde_json::Value;

use crate::cores::seconds;
use crate::jobs;
use crate::memory::peak_of;
use crate::rows::{Aim, Row, time};
use crate::service::{connector, location};
use crate::stopwatch::Stopwatch;

const CLIENTS: usize = 10;
const ROWS: u64 = 100_000;

/// The most memory that the server holds while ten datasets come in at once and are computed.
pub(crate) fn row(directory: &Path) -> Row {
    let csv = jobs::sample(directory, ROWS);
    let datasets: Vec<_> = (0..CLIENTS).map(|number| dataset(&csv, &directory.join(format!("{number}")))).collect();
    let server = Serve::start(directory);
    let before = peak_of(server.process.id()).expect("it runs");
    let uploading = seconds(|| upload_at_once(&server, &datasets));
    for (job, _) in &datasets {
        server.wait_for(*job);
    }
    let peak = peak_of(server.process.id()).expect("it runs");
    let megabytes = peak * 1.048_576;
    let bytes: u64 = datasets.iter().map(|(_, path)| fs::metadata(path).expect("it is there").len()).sum();
    let figure = format!(
        "memory of `hestat serve`, ten uploads of {ROWS} rows at once ({} MB in {})",
        bytes / 1_000_000,
        time(uploading)
    );
    Row::new(figure, format!("{peak:.0} MiB"))
        .beside(format!("{before:.0} MiB: before the first"))
        .ratio(format!("{:.2}", peak / before))
        .aim(Aim::AtMost(256.0, " MB"), megabytes)
}

/// A job and its dataset.
fn dataset(csv: &Path, directory: &Path) -> (JobId, PathBuf) {
    let job = jobs::initiate(csv, directory, &Stopwatch::default()).job;
    (job, directory.join("server").join(name(job)))
}

fn name(job: JobId) -> String {
    format!("inbox/{job}/dataset.hes")
}

fn upload_at_once(server: &Serve, datasets: &[(JobId, PathBuf)]) {
    let all_are_here = Barrier::new(datasets.len());
    thread::scope(|scope| {
        for (job, path) in datasets {
            scope.spawn(|| {
                let reached =
                    server.connector.connect(&server.location, Observer::null()).expect("the server is there");
                all_are_here.wait();
                reached.put(path, &name(*job), Observer::null()).expect("there is room");
            });
        }
    });
}

/// The program, serving.
struct Serve {
    process: Child,
    location: Location,
    connector: Connector,
}

impl Serve {
    fn start(directory: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hestat"));
        command.args(["--json", "serve", "--listen", "127.0.0.1:0", "--data"]).arg(directory.join("served"));
        command.arg("--server-state").arg(directory.join("server-state"));
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary was built");
        let mut line = String::new();
        let told = process.stdout.take().map(|told| BufReader::new(told).read_line(&mut line));
        told.expect("it is piped").expect("it tells where it serves");
        let told: Value = serde_json::from_str(&line).expect("it tells so in JSON");
        let text = |name: &str| told.get(name).and_then(Value::as_str).expect("it tells this too");
        let port = text("address").rsplit(':').next().and_then(|port| port.parse().ok()).expect("it is an address");
        let password = fs::read_to_string(text("password_file")).expect("it was just made").trim().to_owned();
        let trust = ServerTrust::from_certificates(Path::new(text("certificate_file"))).expect("it was just made");
        Self { process, location: location(text("user"), port), connector: connector(trust, password) }
    }

    /// Returns when the totals of `job` are there.
    fn wait_for(&self, job: JobId) {
        let reached = self.connector.connect(&self.location, Observer::null()).expect("the server is there");
        let begun = Instant::now();
        while reached.size(&format!("outbox/{job}/totals.hes")).expect("it answers").is_none() {
            assert!(begun.elapsed() < Duration::from_mins(1), "the server computes what comes in");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it is our child");
    }
}
