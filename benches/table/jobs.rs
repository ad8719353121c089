//! Whole steps: `init`, with parsing alone as the reference, and a job from CSV to statistics.

use std::fs::{self, File};
use std::hint::black_box;
use std::path::{Path, PathBuf};

use hestat::foundation::clock::SystemClock;
use hestat::foundation::observer::Observer;
use hestat::keystore::{JobRecord, KeyStore};
use hestat::pipeline::init::{InitRequest, init};
use hestat::pipeline::run::{RunRequest, run};
use hestat::pipeline::stages::{ENCRYPTING, READING, UPLOADING};
use hestat::statistics::ALL;
use hestat::table::sample::write_sample;
use hestat::table::{CsvSource, Dialect, Selection, TableReader};
use hestat::transfer::{Connector, Location};

use crate::cores::{best, seconds};
use crate::rows::{Row, Target, time};
use crate::stopwatch::Stopwatch;

/// Writes a synthetic table of `rows` rows to `directory`.
pub(crate) fn sample(directory: &Path, rows: u64) -> PathBuf {
    let path = directory.join(format!("{rows}.csv"));
    let mut file = File::create(&path).expect("the directory is writable");
    write_sample(rows, 1, &mut file).expect("there is enough space");
    path
}

/// Runs [`init`] on `csv` in `directory`. The dataset is stored in `directory/server`.
pub(crate) fn run_init(csv: &Path, directory: &Path, stopwatch: &Stopwatch) -> JobRecord {
    let server = directory.join("server");
    fs::create_dir_all(&server).expect("the directory is writable");
    run_init_with(csv, directory, Location::Directory(server), &Connector::default(), stopwatch)
}

/// Runs [`init`] on `csv` in `directory/client`. The dataset is stored on `server`.
pub(crate) fn run_init_with(
    csv: &Path,
    directory: &Path,
    server: Location,
    connector: &Connector,
    stopwatch: &Stopwatch,
) -> JobRecord {
    let request = InitRequest {
        source: source(csv),
        dialect: Dialect::default(),
        selection: Selection::default(),
        describe: ToString::to_string,
        statistics: ALL.to_vec(),
        server,
        passphrase: None,
    };
    let store = KeyStore::new(directory.join("client"));
    init(&request, &store, connector, &SystemClock, stopwatch.observer()).expect("the sample can be encrypted").record
}

/// Measures `init` of `csv` until the dataset is on the server's disk. The reference parses the file twice.
pub(crate) fn init_row(csv: &Path, scratch: &Path) -> Row {
    let [all, reading, encrypting, uploading, parsing] = best(3, || {
        let stopwatch = Stopwatch::default();
        let all = seconds(|| {
            run_init(csv, scratch, &stopwatch);
        });
        fs::remove_dir_all(scratch).expect("it was just created");
        let stages = [READING, ENCRYPTING, UPLOADING].map(|stage| stopwatch.seconds(stage));
        let [reading, encrypting, uploading] = stages;
        [all, reading, encrypting, uploading, seconds(|| parse(csv)) + seconds(|| parse(csv))]
    });
    let stages = [("schema", reading), ("encryption", encrypting), ("upload", uploading)];
    let stages = stages.map(|(name, seconds)| format!("{name} {}", time(seconds))).join(", ");
    Row::new(format!("init, 1,000,000 rows × 16 columns ({stages})"), time(all))
        .reference(format!("{}: parsing the CSV twice", time(parsing)))
        .ratio(format!("{:.2}", all / parsing))
        .target(Target::AtMost(2.5, ""), all / parsing)
}

/// Runs a whole job in this process, from `csv` to its statistics.
pub(crate) fn whole_job(csv: &Path, stopwatch: &Stopwatch) {
    run(run_request(csv, false), &SystemClock, stopwatch.observer()).expect("the job succeeds");
}

/// Returns how many decrypted statistics differ from the exact statistics of the plaintext data.
pub(crate) fn wrong_statistics(csv: &Path) -> usize {
    let (_, comparison) = run(run_request(csv, true), &SystemClock, Observer::null()).expect("the job succeeds");
    comparison.expect("the check was requested").differences().len()
}

fn run_request(csv: &Path, check: bool) -> RunRequest {
    RunRequest {
        server: None,
        source: source(csv),
        dialect: Dialect::default(),
        selection: Selection::default(),
        describe: ToString::to_string,
        statistics: ALL.to_vec(),
        check,
    }
}

/// Reads every cell as an exact decimal.
pub(crate) fn parse(csv: &Path) {
    let observer = Observer::null();
    let mut reader = TableReader::open(&source(csv), &Dialect::default(), observer).expect("the sample can be read");
    let columns = reader.names().len();
    while reader.next_row().expect("the sample can be read") {
        for position in 0..columns {
            black_box(reader.cell(position));
        }
    }
}

fn source(csv: &Path) -> CsvSource {
    CsvSource::open(csv, |_| Err(std::io::ErrorKind::Unsupported.into())).expect("the sample exists")
}
