//! Headers that claim more than there is, read by a program that may not take much memory.

use std::fs;
use std::process::Command;

use hestat::he::Layout;
use hestat::package::{DatasetHeader, DatasetWriter, JobId, JobState, Status};

use super::mutation::{DATASET_SHAPE, Mutation, TOTALS_SHAPE, rename, sealed};
use crate::site::{Answered, PROGRAM, Ran, Site, small_table};

/// Address space, in kibibytes, that has to be enough whatever a header claims.
const ENOUGH: u64 = 2_000_000;

fn claims() -> Vec<Mutation> {
    let rows = [0, 1 << 20, 1 << 32, 1 << 40, 1 << 44, (1 << 44) + 1, 1 << 63, u64::MAX].map(Mutation::Rows);
    let slots = [0, 4096, 1 << 20, (1 << 20) + 1, 1 << 32, 1 << 61, u64::MAX].map(Mutation::Slots);
    let lengths = [0, 1, 1 << 16, (1 << 16) + 1, u32::MAX].map(Mutation::HeaderLength);
    rows.into_iter().chain(slots).chain(lengths).collect()
}

/// The program with at most so many kibibytes of address space.
fn hestat_within(site: &Site, kibibytes: u64, arguments: &[&str]) -> Ran {
    let mut command = Command::new("sh");
    site.tell_where(&mut command);
    command.env("RAYON_NUM_THREADS", "2");
    command.args(["-c", "ulimit -v \"$0\" && exec \"$@\"", &kibibytes.to_string(), PROGRAM]).args(arguments);
    Ran::of(&mut command)
}

fn job() -> Answered {
    Answered::new(Site::new(&small_table(700)))
}

#[test]
fn the_limit_is_one() {
    let job = job();
    let ran = hestat_within(&job.site, 4_000, &["result", "--quiet"]);
    assert_ne!(ran.code, Some(0), "no program runs in four mebibytes: {ran:?}");
    hestat_within(&job.site, ENOUGH, &["result", "--quiet"]).done();
}

#[test]
fn datasets_that_claim_too_much_fail_in_little_memory() {
    let job = job();
    let claims = claims();
    let spoilt = claims.iter().flat_map(|claim| {
        let stale = claim.of(&job.dataset, DATASET_SHAPE);
        [sealed(stale.clone()), stale]
    });
    let liars: Vec<JobId> = (0..).zip(spoilt).map(|(number, bytes): (u8, _)| lie(&job.site, number, bytes)).collect();
    fs::remove_file(job.site.totals(job.job)).unwrap();
    let ran = hestat_within(&job.site, ENOUGH, &["compute"]);
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert!(fs::read(job.site.totals(job.job)).unwrap() == job.totals, "the honest job among them");
    for liar in liars {
        let status = fs::read(job.site.data().join(format!("outbox/{liar}/status.json"))).unwrap();
        let state = Status::from_json(&status).unwrap().state;
        assert!(matches!(state, JobState::Failed { ref reason } if !reason.is_empty()), "{state:?}");
        assert!(!job.site.totals(liar).exists());
    }
}

/// The dataset of the most slots, with sixteen threads: partial sums for each of them would take 512 MB.
#[test]
fn the_widest_rows_are_computed_in_little_memory_with_many_threads() {
    let site = Site::new("");
    let shapes = [(1, 1), (1, 1 << 20), (3, 1 << 20), (9, 4096 * 7 + 1), (20_000, 33)];
    for (number, (rows, slots)) in (1..).zip(shapes) {
        let job = JobId::from_bytes([number; 16]);
        fs::create_dir_all(site.dataset(job).parent().unwrap()).unwrap();
        fs::write(site.dataset(job), dataset(job, rows, slots)).unwrap();
        let mut command = Command::new("sh");
        site.tell_where(&mut command);
        command.env("RAYON_NUM_THREADS", "16");
        command.args(["-c", "ulimit -d 200000 && exec \"$0\" compute", PROGRAM]);
        Ran::of(&mut command).done();
        let described = site.run(["inspect", site.totals(job).to_str().unwrap()]).done();
        assert!(described.stdout.contains(&format!("slots per row   {slots}\n")), "{}", described.stdout);
    }
}

/// A dataset of any such shape, with noise for ciphertext: a server cannot tell.
fn dataset(job: JobId, rows: u64, slots: u64) -> Vec<u8> {
    let layout = Layout::new(rows, usize::try_from(slots).unwrap()).unwrap();
    let mut writer = DatasetWriter::new(Vec::new(), &DatasetHeader::new(job, &layout)).unwrap();
    for block in layout.blocks() {
        let word = |i: usize| (i as u64 ^ block.first_row).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        writer.write(&(0..block.words()).map(word).collect::<Vec<_>>()).unwrap();
    }
    writer.finish().unwrap().0
}

/// Uploads the dataset as that of a job of its own.
fn lie(site: &Site, number: u8, mut bytes: Vec<u8>) -> JobId {
    let job = JobId::from_bytes([number; 16]);
    let intact = sealed(bytes.clone()) == bytes;
    rename(&mut bytes, job);
    fs::create_dir(site.dataset(job).parent().unwrap()).unwrap();
    fs::write(site.dataset(job), if intact { sealed(bytes) } else { bytes }).unwrap();
    job
}

#[test]
fn totals_that_claim_too_much_are_refused_in_little_memory() {
    let job = job();
    for claim in claims() {
        let stale = claim.of(&job.totals, TOTALS_SHAPE);
        // What is longer than the honest answer is not even read.
        let unread = stale.len() > job.totals.len();
        for (answer, code) in [(sealed(stale.clone()), 7), (stale, if unread { 7 } else { 9 })] {
            job.forget_answers();
            job.answer(&answer);
            let ran = hestat_within(&job.site, ENOUGH, &["result", "--quiet"]);
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(code), ""), "{claim:?}: {}", ran.stderr);
            assert!(!job.site.results().exists());
        }
    }
}

#[test]
fn files_that_claim_too_much_are_described_as_damaged_in_little_memory() {
    let job = job();
    let path = job.site.root().join("claim.hes");
    for claim in claims() {
        for (file, shape) in [(&job.dataset, DATASET_SHAPE), (&job.totals, TOTALS_SHAPE)] {
            fs::write(&path, sealed(claim.of(file, shape))).unwrap();
            let ran = hestat_within(&job.site, ENOUGH, &["inspect", path.to_str().unwrap()]);
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(9), ""), "{claim:?}: {}", ran.stderr);
        }
    }
}
