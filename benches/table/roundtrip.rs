//! A whole job in separate steps over FTPS, with a job without FTPS and a copy through rustls as the reference.

use std::fs;
use std::path::Path;

use hestat::foundation::clock::SystemClock;
use hestat::foundation::quota::Quota;
use hestat::keystore::KeyStore;
use hestat::pipeline::compute::{ComputeRequest, Outcome, compute};
use hestat::pipeline::result::fetch;
use hestat::pipeline::stages::UPLOADING;
use hestat::transfer::{Connector, Location};

use crate::cores::{best, seconds};
use crate::jobs;
use crate::rows::{Row, Target, time};
use crate::service::Service;
use crate::stopwatch::Stopwatch;
use crate::tls_baseline::TlsBaseline;

/// Measures init, compute and result of `csv`, whose dataset has `bytes` bytes.
pub(crate) fn row(csv: &Path, scratch: &Path, bytes: u64, baseline: &TlsBaseline) -> Row {
    let [ftps, upload, file, copy] = best(5, || {
        let stopwatch = Stopwatch::default();
        let ftps = with_empty_server(scratch, |root| {
            let service = Service::start(root);
            let connector = service.connector();
            seconds(|| job(csv, scratch, service.location(), &connector, &stopwatch))
        });
        let file = with_empty_server(scratch, |root| {
            let server = Location::Directory(root.into());
            seconds(|| job(csv, scratch, server, &Connector::default(), &Stopwatch::default()))
        });
        [ftps, stopwatch.seconds(UPLOADING), file, baseline.copy(bytes)]
    });
    let ratio = ftps / (file + copy);
    Row::new(format!("init + compute + result over FTPS, 1,000,000 × 16 (upload {})", time(upload)), time(ftps))
        .reference(format!("{} + {}: the same job over file:// + rustls alone", time(file), time(copy)))
        .ratio(format!("{ratio:.2}"))
        .target(Target::AtMost(1.5, ""), ratio)
}

/// Runs `measure` with an empty directory in `scratch` as the server's.
fn with_empty_server(scratch: &Path, measure: impl FnOnce(&Path) -> f64) -> f64 {
    let root = scratch.join("server");
    fs::create_dir_all(&root).expect("the directory is writable");
    let measured = measure(&root);
    fs::remove_dir_all(scratch).expect("it was just created");
    measured
}

fn job(csv: &Path, scratch: &Path, server: Location, connector: &Connector, stopwatch: &Stopwatch) {
    let job = jobs::run_init_with(csv, scratch, server, connector, stopwatch).job;
    let request = ComputeRequest { data: scratch.join("server"), keep: false, retry: false, quota: Quota::unlimited() };
    let outcomes = compute(&request, &SystemClock, stopwatch.observer()).expect("the directory is usable");
    assert!(outcomes.iter().all(|(_, outcome)| *outcome == Outcome::Computed) && outcomes.len() == 1, "{outcomes:?}");
    let store = KeyStore::new(scratch.join("client"));
    let received = fetch(job, None, &store, connector, &SystemClock, stopwatch.observer()).expect("the totals exist");
    received.open(None).expect("the totals are valid");
}
