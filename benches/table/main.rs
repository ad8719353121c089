//! Speed measurements in one table. Run `cargo bench --bench table`, or `benches/run.sh` to include TenSEAL.
//!
//! A measurement and its reference alternate in the same run, because other programs may use the machine.
//! Section names as arguments (`cargo bench --bench table -- ftps`) select sections.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "a program that measures and prints")]

mod clients;
mod compute;
mod cores;
mod encrypt;
mod fog;
mod fog_processes;
mod ftps;
mod jobs;
mod memory;
mod peers;
mod roundtrip;
mod rows;
mod service;
mod sizes;
mod stages;
mod stopwatch;
mod tls_baseline;
mod vsftpd;

use std::env;
use std::path::{Path, PathBuf};

use cores::Cores;
use rows::{HEADER, Row};
use stopwatch::Stopwatch;
use tls_baseline::TlsBaseline;

/// Rows of the large table. Its dataset has 272 MB.
const LARGE: u64 = 1_000_000;
/// Rows of the Framingham study's table.
const FRAMINGHAM: u64 = 4_240;

fn main() {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let path = directory.path();
    let cores = [Cores::one(), Cores::all()];
    println!("{HEADER}");
    section("encrypt", || cores.each_ref().map(encrypt::rows).into_iter().flatten());
    let large = Large::new(path);
    section("init", || [jobs::init_row(&large.csv, &path.join("init"))]);
    section("compute", || {
        cores.iter().flat_map(|cores| compute::rows(cores, &large.server, large.bytes)).collect::<Vec<_>>()
    });
    section("ftps", || ftps::rows(&large.dataset, path, &TlsBaseline::for_ftps()));
    section("job", || [roundtrip::row(&large.csv, &path.join("job"), large.bytes, &TlsBaseline::for_ftps())]);
    section("clients", || [clients::row(path)]);
    section("fog", || fog::rows(path));
    section("sizes", sizes::rows);
    section("peers", || peers::rows(&jobs::sample(path, FRAMINGHAM), &cores[1]));
    section("memory", || [memory::row(path)]);
}

/// The large table, and its dataset on a server that is a directory.
struct Large {
    csv: PathBuf,
    server: PathBuf,
    dataset: PathBuf,
    bytes: u64,
}

impl Large {
    fn new(path: &Path) -> Self {
        let csv = jobs::sample(path, LARGE);
        let record = jobs::run_init(&csv, path, &Stopwatch::default());
        let server = path.join("server");
        let dataset = server.join("inbox").join(record.job.to_string()).join("dataset.hes");
        Self { csv, server, dataset, bytes: record.dataset_bytes }
    }
}

/// Prints the rows of a section, unless only other sections were selected.
fn section<R: IntoIterator<Item = Row>>(name: &str, rows: impl FnOnce() -> R) {
    let mut selected = env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
    if selected.peek().is_none() || selected.any(|argument| argument == name) {
        rows().into_iter().for_each(|row| println!("{row}"));
    }
}
