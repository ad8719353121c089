//! The speed evidence: one run, one table. `cargo bench --bench table`, or `benches/run.sh` with the peers.
//!
//! What is measured and the bound or peer beside it come from the same run, in turns, for machines are shared.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "a program that measures and prints")]

mod compute;
mod cores;
mod encrypt;
mod jobs;
mod memory;
mod peers;
mod rows;
mod sizes;
mod stopwatch;

use std::path::Path;

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
    print(cores.each_ref().map(encrypt::row));
    large(place, &cores);
    print(sizes::rows());
    print(peers::rows(&jobs::sample(place, FRAMINGHAM), &cores[1]));
    print([memory::row(place)]);
}

fn large(place: &Path, cores: &[Cores]) {
    let csv = jobs::sample(place, LARGE);
    print([jobs::init_row(&csv, &place.join("init"))]);
    let bytes = jobs::initiate(&csv, place, &Stopwatch::default()).dataset_bytes;
    print(cores.iter().flat_map(|cores| compute::rows(cores, &place.join("server"), bytes)));
}

fn print(rows: impl IntoIterator<Item = Row>) {
    rows.into_iter().for_each(|row| println!("{row}"));
}
