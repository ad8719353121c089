//! Compares hestat with TenSEAL: the same tasks, on the same machine, in the same run.

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
use crate::rows::{Row, Target, time};
use crate::stopwatch::Stopwatch;

/// A Python interpreter with tenseal and pandas; `benches/run.sh` installs one.
const PYTHON: &str = "HESTAT_PEERS_PYTHON";
const NOT_AVAILABLE: &str = "TenSEAL not available";

/// Measures a job on a table as large as the Framingham study's, and the encryption and addition of a million values.
pub(crate) fn rows(framingham: &Path, cores: &Cores) -> Vec<Row> {
    let python = env::var(PYTHON).ok();
    let tenseal = |script, argument: &OsStr| python.as_deref().map(|python| timings(python, script, argument));
    let job = tenseal("tenseal_framingham.py", framingham.as_os_str());
    let million = tenseal("tenseal_million.py", OsStr::new("1000000"));
    [job_rows(framingham, cores, job.as_ref()), million_rows(cores, million.as_ref())].into_iter().flatten().collect()
}

/// Compares all six statistics of hestat (34 slots per row) with only the means by TenSEAL.
fn job_rows(csv: &Path, cores: &Cores, tenseal: Option<&Value>) -> Vec<Row> {
    let blocks = plain_blocks(&Layout::new(4_240, 34).expect("a valid layout"));
    let mut encryptor = encryptor();
    let [whole, computing, encrypting] = best(15, || {
        let stopwatch = Stopwatch::default();
        let whole = seconds(|| jobs::whole_job(csv, &stopwatch));
        [whole, stopwatch.seconds(COMPUTING), cores.time(|| encrypt(&mut encryptor, &blocks))]
    });
    vec![
        compare("`hestat run`, 4,240 rows × 16 columns", whole, tenseal, "whole", 5.0),
        compare("· encryption, after reading the CSV", encrypting, tenseal, "encrypt", 50.0),
        compare("· compute (read, hash, add)", computing, tenseal, "compute", 100.0),
        error(csv, tenseal),
    ]
}

fn million_rows(cores: &Cores, tenseal: Option<&Value>) -> Vec<Row> {
    let layout = Layout::new(1_000_000, 1).expect("a valid layout");
    let blocks = plain_blocks(&layout);
    let mut encryptor = encryptor();
    let words = encryptor.encrypt(&blocks).expect("the blocks fit");
    let times = best(7, || [cores.time(|| encrypt(&mut encryptor, &blocks)), cores.time(|| add(&layout, &words))]);
    vec![
        compare(&format!("encrypt 1,000,000 values, {}", cores.name()), times[0], tenseal, "encrypt", 50.0),
        compare(&format!("add 1,000,000 values, {}", cores.name()), times[1], tenseal, "compute", 100.0),
    ]
}

fn error(csv: &Path, tenseal: Option<&Value>) -> Row {
    let wrong = jobs::wrong_statistics(csv);
    let value = if wrong == 0 { "0".into() } else { format!("{wrong} statistics are wrong") };
    let row = Row::new("· largest error of a mean", value).target(Target::AtMost(0.0, ""), wrong as f64);
    match tenseal {
        Some(tenseal) => row.reference(format!("{:.1e}: TenSEAL", number(tenseal, "error"))),
        None => row.reference(NOT_AVAILABLE),
    }
}

/// Compares a time with the one that TenSEAL's script reports under `key`.
fn compare(name: &str, seconds: f64, tenseal: Option<&Value>, key: &str, target: f64) -> Row {
    let row = Row::new(name, time(seconds));
    let Some(tenseal) = tenseal else { return row.reference(NOT_AVAILABLE) };
    let reference = number(tenseal, key);
    row.reference(format!("{}: TenSEAL", time(reference)))
        .ratio(format!("{:.0} ×", reference / seconds))
        .target(Target::AtLeast(target, " ×"), reference / seconds)
}

fn timings(python: &str, script: &str, argument: &OsStr) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(script);
    let output = Command::new(python).arg(script).arg(argument).output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

fn number(timings: &Value, key: &str) -> f64 {
    timings.get(key).and_then(Value::as_f64).expect("the script prints this number")
}
