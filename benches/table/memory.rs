//! The most memory that `hestat run` ever holds, as Linux counts it.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::cores::seconds;
use crate::jobs;
use crate::rows::{Row, time};

/// Set to 1 for the table of 10,000,000 rows; it needs about 6 GB where temporary files go.
const LARGE: &str = "HESTAT_BENCH_LARGE";

/// Peak memory at 10,000,000 rows beside that at 100,000.
pub(crate) fn row(directory: &Path) -> Row {
    let figure = "memory of `hestat run`, 10,000,000 rows";
    if std::env::var(LARGE).as_deref() != Ok("1") {
        return Row::new(figure, format!("not measured ({LARGE}=1 does; about 6 GB of disk)"));
    }
    let [(small, _), (large, taken)] = [100_000, 10_000_000].map(|rows| run(directory, rows));
    Row::new(figure, format!("{large:.0} MiB (in {})", time(taken)))
        .beside(format!("{small:.0} MiB: 100,000 rows"))
        .ratio(format!("{:.2}", large / small))
}

/// Mebibytes and seconds.
fn run(directory: &Path, rows: u64) -> (f64, f64) {
    let csv = jobs::sample(directory, rows);
    let mut command = Command::new(env!("CARGO_BIN_EXE_hestat"));
    command.arg("run").arg("--input").arg(&csv).arg("--output").arg(directory.join("results.csv"));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary was built");
    let mut peak = 0.0;
    let taken = seconds(|| peak = watch(&mut child));
    fs::remove_file(csv).expect("it was just made");
    (peak, taken)
}

/// The kernel keeps the peak itself; what is asked shortly before the end is the whole.
fn watch(child: &mut Child) -> f64 {
    let mut peak = f64::NAN;
    loop {
        peak = peak_of(child.id()).unwrap_or(peak);
        if let Some(status) = child.try_wait().expect("it is our child") {
            assert!(status.success(), "{status}");
            return peak;
        }
        sleep(Duration::from_millis(5));
    }
}

/// The most mebibytes that `process` has ever held; `None` when it is gone.
pub(crate) fn peak_of(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes / 1024.0)
}
