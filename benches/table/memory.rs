//! The peak memory of `hestat run`, as Linux reports it.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::cores::seconds;
use crate::jobs;
use crate::rows::{Row, time};

/// Set to 1 to measure the table of 10,000,000 rows, which needs about 6 GB for temporary files.
const LARGE: &str = "HESTAT_BENCH_LARGE";

/// Measures the peak memory for 10,000,000 rows. The reference is that for 100,000.
pub(crate) fn row(directory: &Path) -> Row {
    let name = "peak memory of `hestat run`, 10,000,000 rows";
    if std::env::var(LARGE).as_deref() != Ok("1") {
        return Row::new(name, format!("not measured (set {LARGE}=1; needs 6 GB of disk)"));
    }
    let [(small, _), (large, elapsed)] = [100_000, 10_000_000].map(|rows| run(directory, rows));
    Row::new(name, format!("{large:.0} MiB (in {})", time(elapsed)))
        .reference(format!("{small:.0} MiB: 100,000 rows"))
        .ratio(format!("{:.2}", large / small))
}

/// Runs a whole job with `rows` rows in another process. Returns its peak memory in mebibytes and its seconds.
fn run(directory: &Path, rows: u64) -> (f64, f64) {
    let csv = jobs::sample(directory, rows);
    let mut command = Command::new(env!("CARGO_BIN_EXE_hestat"));
    command.arg("run").arg("--input").arg(&csv).arg("--output").arg(directory.join("results.csv"));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary was built");
    let mut peak = 0.0;
    let elapsed = seconds(|| peak = wait_for_peak(&mut child));
    fs::remove_file(csv).expect("it was just created");
    (peak, elapsed)
}

/// Waits for the process and returns its peak memory in mebibytes. The kernel records the peak, so the last value
/// read is nearly exact.
fn wait_for_peak(child: &mut Child) -> f64 {
    let mut peak = f64::NAN;
    loop {
        peak = peak_of(child.id()).unwrap_or(peak);
        if let Some(status) = child.try_wait().expect("a child process") {
            assert!(status.success(), "{status}");
            return peak;
        }
        sleep(Duration::from_millis(5));
    }
}

/// Returns the peak memory of `process` in mebibytes, or `None` if it has ended.
pub(crate) fn peak_of(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes / 1024.0)
}
