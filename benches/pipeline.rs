//! Benchmarks of a job's steps on 100,000 synthetic rows.

#![allow(missing_docs, clippy::expect_used, reason = "a benchmark")]

use std::fs::{self, File};
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use hestat::encoding::Plan;
use hestat::foundation::clock::SystemClock;
use hestat::foundation::observer::Observer;
use hestat::foundation::quota::Quota;
use hestat::keystore::KeyStore;
use hestat::pipeline::compute::{ComputeRequest, compute};
use hestat::pipeline::init::{InitRequest, init};
use hestat::pipeline::run::{RunRequest, run};
use hestat::statistics::ALL;
use hestat::table::sample::write_sample;
use hestat::table::{CsvSource, Dialect, Schema, Selection, TableReader};
use hestat::transfer::{Connector, Location};
use tempfile::TempDir;

const ROWS: u64 = 100_000;

/// Creates a temporary directory with a synthetic table.
fn sample_directory() -> TempDir {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let mut file = File::create(directory.path().join("sample.csv")).expect("the directory is writable");
    write_sample(ROWS, 1, &mut file).expect("there is enough space");
    directory
}

fn source(directory: &Path) -> CsvSource {
    CsvSource::open(&directory.join("sample.csv"), |_| Err(std::io::ErrorKind::Unsupported.into()))
        .expect("the sample exists")
}

/// Reads the table and passes every row to `consume`.
fn read_rows(source: &CsvSource, mut consume: impl FnMut(&TableReader)) {
    let observer = Observer::null();
    let mut reader = TableReader::open(source, &Dialect::default(), observer).expect("the sample can be read");
    while reader.next_row().expect("the sample can be read") {
        consume(&reader);
    }
}

fn learn_schema(source: &CsvSource) -> Schema {
    Schema::learn(source, &Dialect::default(), &Selection::default(), Observer::null()).expect("numeric columns")
}

/// Runs [`init`] with the table in `directory`, and `directory/server` as the server.
fn run_init(directory: &Path) {
    let server = directory.join("server");
    fs::create_dir_all(&server).expect("the directory is writable");
    let request = InitRequest {
        source: source(directory),
        dialect: Dialect::default(),
        selection: Selection::default(),
        describe: ToString::to_string,
        statistics: ALL.to_vec(),
        server: Location::Directory(server),
        passphrase: None,
    };
    let store = KeyStore::new(directory.join("client"));
    init(&request, &store, &Connector::default(), &SystemClock, Observer::null()).expect("the sample can be encrypted");
}

fn remove_directory(path: &Path) {
    fs::remove_dir_all(path).expect("it was just created");
}

fn table_benchmarks(criterion: &mut Criterion) {
    let directory = sample_directory();
    let source = source(directory.path());
    let columns = 16;
    criterion.bench_function("100,000 rows/parse", |b| {
        b.iter(|| {
            read_rows(&source, |reader| {
                for position in 0..columns {
                    black_box(reader.cell(position));
                }
            });
        });
    });
    criterion.bench_function("100,000 rows/schema", |b| b.iter(|| learn_schema(&source)));
    let schema = learn_schema(&source);
    let plan = Plan::new(schema.rows, &schema.columns, &ALL);
    let mut slots = vec![0; plan.slots()];
    criterion.bench_function("100,000 rows/parse and encode", |b| {
        b.iter(|| read_rows(&source, |reader| plan.encode(|at| reader.cell(at), &mut slots).expect("the plan fits")));
    });
}

fn step_benchmarks(criterion: &mut Criterion) {
    let directory = sample_directory();
    let (path, server) = (directory.path(), directory.path().join("server"));
    criterion.bench_function("100,000 rows/init", |b| {
        b.iter(|| {
            run_init(path);
            remove_directory(&server);
        });
    });
    run_init(path);
    let request = ComputeRequest { data: server.clone(), keep: true, retry: false, quota: Quota::unlimited() };
    criterion.bench_function("100,000 rows/compute", |b| {
        b.iter(|| {
            compute(&request, &SystemClock, Observer::null()).expect("the directory is usable");
            remove_directory(&server.join("outbox"));
        });
    });
    criterion.bench_function("100,000 rows/run", |b| b.iter(|| whole_job(path)));
}

fn whole_job(directory: &Path) {
    let request = RunRequest {
        server: None,
        source: source(directory),
        dialect: Dialect::default(),
        selection: Selection::default(),
        describe: ToString::to_string,
        statistics: ALL.to_vec(),
        check: false,
    };
    run(request, &SystemClock, Observer::null()).expect("the job succeeds");
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = table_benchmarks, step_benchmarks
}
criterion_main!(benches);
