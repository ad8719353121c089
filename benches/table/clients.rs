//! `hestat serve` with many clients at once.

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
use crate::rows::{Row, Target, time};
use crate::service::{connector, location};
use crate::stopwatch::Stopwatch;

const CLIENTS: usize = 10;
/// The label of the row names this number, too.
const ROWS: u64 = 100_000;

/// Measures the server's peak memory while ten datasets are uploaded concurrently and computed.
pub(crate) fn row(directory: &Path) -> Row {
    let csv = jobs::sample(directory, ROWS);
    let datasets: Vec<_> =
        (0..CLIENTS).map(|number| create_dataset(&csv, &directory.join(format!("{number}")))).collect();
    let server = Serve::start(directory);
    let before = peak_of(server.process.id()).expect("the process is running");
    let uploading = seconds(|| upload_concurrently(&server, &datasets));
    for (job, _) in &datasets {
        server.wait_for(*job);
    }
    let peak = peak_of(server.process.id()).expect("the process is running");
    let megabytes = peak * 1.048_576;
    let bytes: u64 = datasets.iter().map(|(_, path)| fs::metadata(path).expect("the file exists").len()).sum();
    let name = format!(
        "peak memory of `hestat serve`, ten concurrent uploads of 100,000 rows ({} MB in {})",
        bytes / 1_000_000,
        time(uploading)
    );
    Row::new(name, format!("{peak:.0} MiB"))
        .reference(format!("{before:.0} MiB: before the first upload"))
        .ratio(format!("{:.2}", peak / before))
        .target(Target::AtMost(256.0, " MB"), megabytes)
}

/// Encrypts `csv` as a new job. Returns the job ID and the path of its dataset.
fn create_dataset(csv: &Path, directory: &Path) -> (JobId, PathBuf) {
    let job = jobs::run_init(csv, directory, &Stopwatch::default()).job;
    (job, directory.join("server").join(remote_path(job)))
}

fn remote_path(job: JobId) -> String {
    format!("inbox/{job}/dataset.hes")
}

fn upload_concurrently(server: &Serve, datasets: &[(JobId, PathBuf)]) {
    let all_connected = Barrier::new(datasets.len());
    thread::scope(|scope| {
        for (job, path) in datasets {
            scope.spawn(|| {
                let observer = Observer::null();
                let connection = server.connector.connect(&server.location, observer).expect("the server is reachable");
                all_connected.wait();
                connection.put(path, &remote_path(*job), observer).expect("there is enough space");
            });
        }
    });
}

/// A running `hestat serve`.
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
        let read = process.stdout.take().map(|stdout| BufReader::new(stdout).read_line(&mut line));
        read.expect("stdout is piped").expect("the server prints its address");
        let announced: Value = serde_json::from_str(&line).expect("the server prints JSON");
        let text = |name: &str| announced.get(name).and_then(Value::as_str).expect("the server prints this field");
        let port = text("address").rsplit(':').next().and_then(|port| port.parse().ok()).expect("a valid address");
        let password = fs::read_to_string(text("password_file")).expect("it was just created").trim().to_owned();
        let trust = ServerTrust::from_certificates(Path::new(text("certificate_file"))).expect("it was just created");
        Self { process, location: location(text("user"), port), connector: connector(trust, password) }
    }

    /// Waits until the totals of `job` exist.
    fn wait_for(&self, job: JobId) {
        let observer = Observer::null();
        let connection = self.connector.connect(&self.location, observer).expect("the server is reachable");
        let start = Instant::now();
        while connection.size(&format!("outbox/{job}/totals.hes")).expect("the server answers").is_none() {
            assert!(
                start.elapsed() < Duration::from_mins(1),
                "the server has not computed the dataset within a minute"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        self.process.kill().expect("the process is running");
        self.process.wait().expect("a child process");
    }
}
