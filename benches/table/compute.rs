//! The server's pass over a dataset beside the sum of what it cannot do without.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};

use aws_lc_rs::cipher::{AES_128, EncryptionContext, StreamingEncryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use hestat::foundation::clock::SystemClock;
use hestat::foundation::quota::Quota;
use hestat::he::parameters::POLYNOMIAL_SIZE;
use hestat::pipeline::compute::{ComputeRequest, Outcome, compute};
use hestat::pipeline::stages::COMPUTING;

use crate::cores::{Cores, best};
use crate::rows::{Aim, Row, gigabytes};
use crate::stopwatch::Stopwatch;

/// Words of a mask: 32 KiB.
const MASK: usize = POLYNOMIAL_SIZE;
/// Masks in 1 MiB.
const BATCH: usize = 32;
/// How often a bound goes over such a batch.
const TIMES: usize = 128;

/// Bytes of ciphertext per second for the dataset of `bytes` bytes that waits in `server`, beside the bound; and a row
/// for each of the bound's parts.
pub(crate) fn rows(cores: &Cores, server: &Path, bytes: u64) -> Vec<Row> {
    let file = dataset(server);
    let done = (8 * MASK * BATCH * TIMES * cores.count()) as f64;
    let [pass, read, aes, blake3, add] = best(15, || {
        let pass = pass(cores, server);
        [pass, cores.each(|| read(&file)), cores.each(keystream), cores.each(hash), cores.each(add)]
    });
    let rates = [aes, blake3, add].map(|time| done / time);
    let read = (bytes * cores.count() as u64) as f64 / read;
    let bound = in_turn(&rates);
    let with_reading = in_turn(&[bound, read]);
    let rate = bytes as f64 / pass;
    let compute = Row::new(format!("compute, {}", cores.name()), gigabytes(rate))
        .beside(format!("{}: 1/(1/AES + 1/BLAKE3 + 1/add)", gigabytes(bound)))
        .ratio(format!("{:.3}", rate / bound));
    // The aim is one core's; what more of them gain, the rates tell.
    let compute = if cores.count() == 1 { compute.aim(Aim::AtLeast(0.7, ""), rate / bound) } else { compute };
    let reading = Row::new("· the same, reading the file in the bound", gigabytes(rate))
        .beside(gigabytes(with_reading))
        .ratio(format!("{:.3}", rate / with_reading));
    let names =
        ["AES-128-CTR in masks of 32 KiB", "BLAKE3 in batches of 1 MiB", "adding mask and body", "reading the file"];
    let part = |(name, rate)| Row::new(format!("· {name}, {}", cores.name()), gigabytes(rate));
    let parts = names.into_iter().zip(rates.into_iter().chain([read])).map(part);
    [compute, reading].into_iter().chain(parts).collect()
}

/// The rate of steps that follow each other.
fn in_turn(rates: &[f64]) -> f64 {
    1.0 / rates.iter().map(|rate| 1.0 / rate).sum::<f64>()
}

/// Seconds of the pipeline's own pass: reading, hashing and adding all blocks. The totals are thrown away.
///
/// One core's processor time includes all else that the step does; the wall clock runs for the pass alone, for the files
/// that it ends with wait for the disk.
fn pass(cores: &Cores, server: &Path) -> f64 {
    let stopwatch = Stopwatch::default();
    let request = ComputeRequest { data: server.into(), keep: true, retry: false, quota: Quota::unlimited() };
    let taken = cores.time(|| {
        let outcomes = compute(&request, &SystemClock, stopwatch.observer()).expect("the directory can be used");
        assert!(outcomes.iter().all(|(_, outcome)| *outcome == Outcome::Computed), "{outcomes:?}");
    });
    fs::remove_dir_all(server.join("outbox")).expect("the totals are there");
    if cores.count() == 1 { taken } else { stopwatch.seconds(COMPUTING) }
}

/// The one dataset that waits in `server`.
fn dataset(server: &Path) -> PathBuf {
    let mut jobs = fs::read_dir(server.join("inbox")).expect("there is an inbox");
    jobs.next().expect("a dataset waits").expect("it can be read").path().join("dataset.hes")
}

/// The kernel's copy from its cache to ours, as much at a time as the pipeline's.
fn read(file: &Path) {
    let mut file = File::open(file).expect("the dataset is there");
    let mut words = vec![0; 1 << 19];
    while file.read(black_box(&mut words)).expect("it can be read") > 0 {}
}

/// A context that goes on, so that what our masks pay for each new key counts against us.
fn keystream() {
    let key = UnboundCipherKey::new(&AES_128, &[7; 16]).expect("the key has 16 bytes");
    let start = EncryptionContext::Iv128(FixedLength::from([0; 16]));
    let mut stream = StreamingEncryptingKey::less_safe_ctr(key, start).expect("the mode is known");
    let (zeros, mut mask) = (vec![0; 8 * MASK], vec![0; 8 * MASK]);
    for _ in 0..BATCH * TIMES {
        stream.less_safe_update(&zeros, black_box(&mut mask)).expect("there is room");
    }
}

fn hash() {
    let batch = vec![7; 8 * MASK * BATCH];
    let mut hasher = blake3::Hasher::new();
    for _ in 0..TIMES {
        hasher.update(black_box(&batch));
    }
    black_box(hasher.finalize());
}

/// Both halves of each ciphertext: the mask, just expanded, and the body, just read.
fn add() {
    let (mask, batch) = (vec![7_u64; MASK], vec![7_u64; MASK * BATCH]);
    let mut sums = [vec![0_u64; MASK], vec![0_u64; MASK]];
    for _ in 0..TIMES {
        for body in black_box(&batch).chunks_exact(MASK) {
            let [masks, bodies] = &mut sums;
            add_words(masks, black_box(&mask));
            add_words(bodies, body);
        }
    }
    black_box(sums);
}

fn add_words(sum: &mut [u64], words: &[u64]) {
    for (sum, word) in sum.iter_mut().zip(words) {
        *sum = sum.wrapping_add(*word);
    }
}
