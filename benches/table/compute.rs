//! The server's pass over a dataset, with its unavoidable operations in sequence as the reference.

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
use crate::rows::{Row, Target, gigabytes};
use crate::stopwatch::Stopwatch;

/// Words per mask: 32 KiB.
const MASK: usize = POLYNOMIAL_SIZE;
/// Masks per 1 MiB.
const BATCH: usize = 32;
/// How often each of the reference's loops processes such a batch.
const REPETITIONS: usize = 128;

/// Measures the ciphertext bytes per second for the pending dataset of `bytes` bytes in `server`. Then measures the
/// reference: each operation that such a pass needs, alone.
pub(crate) fn rows(cores: &Cores, server: &Path, bytes: u64) -> Vec<Row> {
    let file = dataset(server);
    let done = (8 * MASK * BATCH * REPETITIONS * cores.count()) as f64;
    let [pass, read, aes, blake3, add] = best(15, || {
        let pass = pass(cores, server);
        [pass, cores.each(|| read(&file)), cores.each(keystream), cores.each(hash), cores.each(add)]
    });
    let rates = [aes, blake3, add].map(|time| done / time);
    let read = (bytes * cores.count() as u64) as f64 / read;
    let reference = in_sequence(&rates);
    let with_reading = in_sequence(&[reference, read]);
    let rate = bytes as f64 / pass;
    let compute = Row::new(format!("compute, {}", cores.name()), gigabytes(rate))
        .reference(format!("{}: AES, BLAKE3 and additions in sequence", gigabytes(reference)))
        .ratio(format!("{:.3}", rate / reference));
    // Only one core has a target.
    let compute = if cores.count() == 1 { compute.target(Target::AtLeast(0.7, ""), rate / reference) } else { compute };
    let reading = Row::new(format!("· the same pass, {}", cores.name()), gigabytes(rate))
        .reference(format!("{}: the same, plus reading the file", gigabytes(with_reading)))
        .ratio(format!("{:.3}", rate / with_reading));
    let names = [
        "AES-128-CTR, masks of 32 KiB",
        "BLAKE3, batches of 1 MiB",
        "additions of mask and body",
        "reading the file from the page cache",
    ];
    let operation = |(name, rate)| Row::new(format!("· {name}, {}", cores.name()), gigabytes(rate));
    let operations = names.into_iter().zip(rates.into_iter().chain([read])).map(operation);
    [compute, reading].into_iter().chain(operations).collect()
}

/// Returns the combined rate of consecutive steps.
fn in_sequence(rates: &[f64]) -> f64 {
    1.0 / rates.iter().map(|rate| 1.0 / rate).sum::<f64>()
}

/// Returns the seconds of hestat's own pass, which reads, hashes and adds all blocks. Deletes the totals.
///
/// On one core this is the processor time of the whole step. On more cores it is the wall-clock time of the pass alone,
/// because the files written at the end wait for the disk.
fn pass(cores: &Cores, server: &Path) -> f64 {
    let stopwatch = Stopwatch::default();
    let request = ComputeRequest { data: server.into(), keep: true, retry: false, quota: Quota::unlimited() };
    let elapsed = cores.time(|| {
        let outcomes = compute(&request, &SystemClock, stopwatch.observer()).expect("the directory is usable");
        assert!(outcomes.iter().all(|(_, outcome)| *outcome == Outcome::Computed), "{outcomes:?}");
    });
    fs::remove_dir_all(server.join("outbox")).expect("the totals exist");
    if cores.count() == 1 { elapsed } else { stopwatch.seconds(COMPUTING) }
}

/// Returns the only dataset pending in `server`.
fn dataset(server: &Path) -> PathBuf {
    let mut jobs = fs::read_dir(server.join("inbox")).expect("there is an inbox");
    jobs.next().expect("a dataset is pending").expect("the file is readable").path().join("dataset.hes")
}

/// Reads the file from the page cache, with a buffer as large as the pipeline's.
fn read(file: &Path) {
    let mut file = File::open(file).expect("the dataset exists");
    let mut buffer = vec![0; 1 << 19];
    while file.read(black_box(&mut buffer)).expect("the file is readable") > 0 {}
}

/// Expands all masks with one key. hestat uses a new key for each mask; the cost of this counts in its pass only.
fn keystream() {
    let key = UnboundCipherKey::new(&AES_128, &[7; 16]).expect("the key has 16 bytes");
    let start = EncryptionContext::Iv128(FixedLength::from([0; 16]));
    let mut stream = StreamingEncryptingKey::less_safe_ctr(key, start).expect("a supported mode");
    let (zeros, mut mask) = (vec![0; 8 * MASK], vec![0; 8 * MASK]);
    for _ in 0..BATCH * REPETITIONS {
        stream.less_safe_update(&zeros, black_box(&mut mask)).expect("there is enough space");
    }
}

fn hash() {
    let batch = vec![7; 8 * MASK * BATCH];
    let mut hasher = blake3::Hasher::new();
    for _ in 0..REPETITIONS {
        hasher.update(black_box(&batch));
    }
    black_box(hasher.finalize());
}

/// Adds both halves of each ciphertext: the mask, just expanded, and the body, just read.
fn add() {
    let (mask, batch) = (vec![7_u64; MASK], vec![7_u64; MASK * BATCH]);
    let mut sums = [vec![0_u64; MASK], vec![0_u64; MASK]];
    for _ in 0..REPETITIONS {
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
