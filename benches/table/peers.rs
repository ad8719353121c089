//! TenSEAL with the same work, on the same machine, in the same run.

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use hestat::he::Layout;
use hestat::pipeline::stages::COMPUTING;
use serde_json::Value;

use crate::cores::{Cores, best, seconds};
use crate::encrypt::{add, encrypt, encryptor, plain_blocks};
use crate::jobs;
use crate::rows::{Aim, Row, time};
use crate::stopwatch::Stopwatch;

/// A Python interpreter with tenseal and pandas; `benches/run.sh` installs one.
const PYTHON: &str = "HESTAT_PEERS_PYTHON";

/// Measures the job on a table of the Framingham study's size, and a million values.
pub(crate) fn rows(framingham: &Path, cores: &Cores) -> Vec<Row> {
    let python = env::var(PYTHON).ok();
    let peer = |script, argument: &OsStr| python.as_deref().map(|python| timings(python, script, argument));
    let job = peer("tenseal_framingham.py", framingham.as_os_str());
    let million = peer("tenseal_million.py", OsStr::new("1000000"));
    [job_rows(framingham, cores, job.as_ref()), million_rows(cores, million.as_ref())].into_iter().flatten().collect()
}

/// Measures all six statistics of hestat, 34 slots per row, next to the means of TenSEAL.
fn job_rows(csv: &Path, cores: &Cores, peer: Option<&Value>) -> Vec<Row> {
    let blocks = plain_blocks(&Layout::new(4_240, 34).expect("a valid layout"));
    let mut encryptor = encryptor();
    let [whole, computing, encrypting] = best(15, || {
        let stopwatch = Stopwatch::default();
        let whole = seconds(|| jobs::whole_job(csv, &stopwatch));
        [whole, stopwatch.seconds(COMPUTING), cores.time(|| encrypt(&mut encryptor, &blocks))]
    });
    vec![
        beside("hestat run, 4,240 × 16, whole job", whole, peer, "whole", 5.0),
        beside("· encrypt, the CSV already read", encrypting, peer, "encrypt", 50.0),
        beside("· compute: read, hash and add", computing, peer, "compute", 100.0),
        error(csv, peer),
    ]
}

fn million_rows(cores: &Cores, peer: Option<&Value>) -> Vec<Row> {
    let layout = Layout::new(1_000_000, 1).expect("a valid layout");
    let blocks = plain_blocks(&layout);
    let mut encryptor = encryptor();
    let words = encryptor.encrypt(&blocks).expect("the blocks fit");
    let times = best(7, || [cores.time(|| encrypt(&mut encryptor, &blocks)), cores.time(|| add(&layout, &words))]);
    vec![
        beside(&format!("encrypt 1,000,000 values, {}", cores.name()), times[0], peer, "encrypt", 50.0),
        beside(&format!("add 1,000,000 values, {}", cores.name()), times[1], peer, "compute", 100.0),
    ]
}

fn error(csv: &Path, peer: Option<&Value>) -> Row {
    let differing = jobs::figures_that_differ(csv);
    let row =
        Row::new("· largest error of a mean", if differing == 0 { "0".into() } else { format!("{differing} differ") });
    let row = row.aim(Aim::AtMost(0.0, ""), differing as f64);
    match peer {
        Some(peer) => row.beside(format!("{:.1e}: TenSEAL", number(peer, "error"))),
        None => row.beside("TenSEAL not given"),
    }
}

fn beside(figure: &str, own: f64, peer: Option<&Value>, name: &str, aim: f64) -> Row {
    let row = Row::new(figure, time(own));
    let Some(peer) = peer else { return row.beside("TenSEAL not given") };
    let theirs = number(peer, name);
    row.beside(format!("{}: TenSEAL", time(theirs)))
        .ratio(format!("{:.0} ×", theirs / own))
        .aim(Aim::AtLeast(aim, " ×"), theirs / own)
}

fn timings(python: &str, script: &str, argument: &OsStr) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(script);
    let output = Command::new(python).arg(script).arg(argument).output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

fn number(timings: &Value, name: &str) -> f64 {
    timings.get(name).and_then(Value::as_f64).expect("the script prints this number")
}
