//! Headers that claim huge sizes, read by a program whose memory is limited.

use std::fs;

use hestat::he::Layout;
use hestat::package::{DatasetHeader, DatasetWriter, JobId, JobState, Status};

use super::mutation::{DATASET_SHAPE, Mutation, TOTALS_SHAPE, set_job, with_digest};
use crate::sandbox::{CommandOutput, ComputedJob, Sandbox, path, wrapped};

/// Address space in kibibytes that must suffice whatever a header claims.
const ADDRESS_SPACE: u64 = 2_000_000;

fn claims() -> Vec<Mutation> {
    let rows = [0, 1 << 20, 1 << 32, 1 << 40, 1 << 44, (1 << 44) + 1, 1 << 63, u64::MAX].map(Mutation::Rows);
    let slots = [0, 4096, 1 << 20, (1 << 20) + 1, 1 << 32, 1 << 61, u64::MAX].map(Mutation::Slots);
    let lengths = [0, 1, 1 << 16, (1 << 16) + 1, u32::MAX].map(Mutation::HeaderLength);
    rows.into_iter().chain(slots).chain(lengths).collect()
}

/// Runs a command with two threads and at most `kibibytes` of address space.
fn run_within(sandbox: &Sandbox, kibibytes: u64, arguments: &[&str]) -> CommandOutput {
    let words = ["sh", "-c", "ulimit -v \"$0\" && exec \"$@\"", &kibibytes.to_string()];
    wrapped(&words, &sandbox.command(arguments)).env("RAYON_NUM_THREADS", "2").output().unwrap().into()
}

fn job() -> ComputedJob {
    ComputedJob::small(700)
}

#[test]
fn the_memory_limit_takes_effect() {
    let job = job();
    let output = run_within(&job.sandbox, 4_000, &["result", "--quiet"]);
    assert_ne!(output.code, Some(0), "the memory limit has no effect: {output:?}");
    run_within(&job.sandbox, ADDRESS_SPACE, &["result", "--quiet"]).expect_code(0);
}

#[test]
fn datasets_that_claim_too_much_fail_in_little_memory() {
    let job = job();
    let claims = claims();
    let datasets = claims.iter().flat_map(|claim| {
        let stale = claim.apply(&job.dataset, DATASET_SHAPE);
        [with_digest(stale.clone()), stale]
    });
    let upload = |(number, bytes): (u8, _)| upload(&job.sandbox, number, bytes);
    let invalid: Vec<JobId> = (0..).zip(datasets).map(upload).collect();
    fs::remove_file(job.sandbox.totals(job.id)).unwrap();
    let output = run_within(&job.sandbox, ADDRESS_SPACE, &["compute"]);
    assert_eq!(output.code, Some(10), "{output:?}");
    assert!(fs::read(job.sandbox.totals(job.id)).unwrap() == job.totals, "the totals of the valid job are wrong");
    for invalid in invalid {
        let status = fs::read(job.sandbox.server().join(format!("outbox/{invalid}/status.json"))).unwrap();
        let state = Status::from_json(&status).unwrap().state;
        assert!(matches!(state, JobState::Failed { ref reason } if !reason.is_empty()), "{state:?}");
        assert!(!job.sandbox.totals(invalid).exists());
    }
}

/// Includes a dataset of the most slots: with sixteen threads, partial sums for each of them would take 512 MB.
#[test]
fn the_widest_rows_are_computed_in_little_memory_with_many_threads() {
    let sandbox = Sandbox::with_table("");
    let shapes = [(1, 1), (1, 1 << 20), (3, 1 << 20), (9, 4096 * 7 + 1), (20_000, 33)];
    for (number, (rows, slots)) in (1..).zip(shapes) {
        let job = JobId::from_bytes([number; 16]);
        fs::create_dir_all(sandbox.dataset(job).parent().unwrap()).unwrap();
        fs::write(sandbox.dataset(job), dataset(job, rows, slots)).unwrap();
        let script = "ulimit -d 200000 && exec \"$@\"";
        let mut compute = wrapped(&["sh", "-c", script, "sh"], &sandbox.command(["compute"]));
        CommandOutput::from(compute.env("RAYON_NUM_THREADS", "16").output().unwrap()).expect_code(0);
        let described = sandbox.succeed(["inspect", path(&sandbox.totals(job))]);
        assert!(described.stdout.contains(&format!("slots per row   {slots}\n")), "{}", described.stdout);
    }
}

/// A dataset of this shape, with pseudorandom words as ciphertext. A server cannot tell the difference.
fn dataset(job: JobId, rows: u64, slots: u64) -> Vec<u8> {
    let layout = Layout::new(rows, usize::try_from(slots).unwrap()).unwrap();
    let mut writer = DatasetWriter::new(Vec::new(), &DatasetHeader::new(job, &layout)).unwrap();
    for block in layout.blocks() {
        let word = |i: usize| (i as u64 ^ block.first_row).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        writer.write(&(0..block.words()).map(word).collect::<Vec<_>>()).unwrap();
    }
    writer.finish().unwrap().0
}

/// Puts a dataset into the inbox as that of job `number`. A correct digest stays correct.
fn upload(sandbox: &Sandbox, number: u8, mut bytes: Vec<u8>) -> JobId {
    let job = JobId::from_bytes([number; 16]);
    let intact = with_digest(bytes.clone()) == bytes;
    set_job(&mut bytes, job);
    fs::create_dir(sandbox.dataset(job).parent().unwrap()).unwrap();
    fs::write(sandbox.dataset(job), if intact { with_digest(bytes) } else { bytes }).unwrap();
    job
}

#[test]
fn totals_that_claim_too_much_are_refused_in_little_memory() {
    let job = job();
    for claim in claims() {
        let stale = claim.apply(&job.totals, TOTALS_SHAPE);
        // Totals that are longer than the correct ones are not read.
        let unread = stale.len() > job.totals.len();
        for (totals, code) in [(with_digest(stale.clone()), 7), (stale, if unread { 7 } else { 9 })] {
            job.reset();
            job.set_totals(&totals);
            let output = run_within(&job.sandbox, ADDRESS_SPACE, &["result", "--quiet"]);
            assert_eq!((output.code, output.stdout.as_str()), (Some(code), ""), "{claim:?}: {}", output.stderr);
            assert!(!job.sandbox.results().exists());
        }
    }
}

#[test]
fn files_that_claim_too_much_are_described_as_damaged_in_little_memory() {
    let job = job();
    let file = job.sandbox.file("claim.hes");
    for claim in claims() {
        for (original, shape) in [(&job.dataset, DATASET_SHAPE), (&job.totals, TOTALS_SHAPE)] {
            fs::write(&file, with_digest(claim.apply(original, shape))).unwrap();
            let output = run_within(&job.sandbox, ADDRESS_SPACE, &["inspect", path(&file)]);
            assert_eq!((output.code, output.stdout.as_str()), (Some(9), ""), "{claim:?}: {}", output.stderr);
        }
    }
}
