//! The speed evidence: one run, one table. `cargo bench --bench table`, or `benches/run.sh` with the peers.
//!
//! What is measured and the bound or peer beside it come from the same run, in turns, for machines are shared. Names of
//! parts as arguments (`cargo bench --bench table -- ftps`) leave out the others.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "a program that measures and prints")]

mod bare;
mod clients;
mod compute;
mod cores;
mod encrypt;
mod fog;
mod ftps;
mod jobs;
mod memory;
mod parties;
mod peers;
mod roundtrip;
mod rows;
mod service;
mod sizes;
mod stages;
mod stopwatch;
mod vsftpd;

use std::env;
use std::path::{Path, PathBuf};

use bare::Bare;
use cores::Cores;
use rows::{HEAD, Row};
use stopwatch::Stopwatch;

/// Rows of the large table: its ciphertext is 272 MB.
const LARGE: u64 = 1_000_000;
/// Rows of the Framingham study's table.
const FRAMINGHAM: u64 = 4_240;

fn main() {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let place = directory.path();
    let cores = [Cores::one(), Cores::all()];
    println!("{HEAD}");
    part("encrypt", || cores.each_ref().map(encrypt::rows).into_iter().flatten());
    let large = Large::new(place);
    part("init", || [jobs::init_row(&large.csv, &place.join("init"))]);
    part("compute", || {
        cores.iter().flat_map(|cores| compute::rows(cores, &large.server, large.bytes)).collect::<Vec<_>>()
    });
    part("ftps", || ftps::rows(&large.dataset, place, &Bare::of_ftps()));
    part("job", || [roundtrip::row(&large.csv, &place.join("job"), large.bytes, &Bare::of_ftps())]);
    part("clients", || [clients::row(place)]);
    part("fog", || fog::rows(place));
    part("sizes", sizes::rows);
    part("peers", || peers::rows(&jobs::sample(place, FRAMINGHAM), &cores[1]));
    part("memory", || [memory::row(place)]);
}

/// The large table, and its dataset on a server that is a directory.
struct Large {
    csv: PathBuf,
    server: PathBuf,
    dataset: PathBuf,
    bytes: u64,
}

impl Large {
    fn new(place: &Path) -> Self {
        let csv = jobs::sample(place, LARGE);
        let record = jobs::initiate(&csv, place, &Stopwatch::default());
        let server = place.join("server");
        let dataset = server.join("inbox").join(record.job.to_string()).join("dataset.hes");
        Self { csv, server, dataset, bytes: record.dataset_bytes }
    }
}

/// Prints what `rows` measures, unless other parts were asked for.
fn part<R: IntoIterator<Item = Row>>(name: &str, rows: impl FnOnce() -> R) {
    let mut asked = env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
    if asked.peek().is_none() || asked.any(|argument| argument == name) {
        rows().into_iter().for_each(|row| println!("{row}"));
    }
}
