//! SIGKILL at any moment: nothing is lost that was there, and nothing half-made is taken for whole.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hestat::foundation::random::{Randomness, from_system};
use hestat::keystore::Phase;
use hestat::package::JobId;
use rand_core::Rng;

use super::seeds::{Seeds, Shape};
use crate::site::{Answered, Ran, Site};

/// Large enough that each step takes a while, small enough to be taken many times.
const ROWS: u64 = 60_000;
const ROUNDS: usize = 12;

/// Kills commands at moments drawn uniformly from the time that such a command takes.
struct Killer {
    random: Randomness,
    longest: Duration,
    killed: usize,
}

impl Killer {
    /// For commands that take as long as `example`.
    fn measure(example: &mut Command) -> Self {
        let start = Instant::now();
        Ran::of(example).done();
        Self { random: from_system().unwrap(), longest: start.elapsed(), killed: 0 }
    }

    /// The sleep is the test's input, not its way to wait for something.
    fn kill(&mut self, command: &mut Command) {
        let moment = self.longest.mul_f64(f64::from(self.random.next_u32()) / f64::from(u32::MAX));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(moment);
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert!(status.success() || status.signal() == Some(9), "{status:?} after {moment:?}");
        self.killed += usize::from(!status.success());
    }

    /// Insists that not every command was faster.
    fn assert_hit(&self) {
        assert!(self.killed >= ROUNDS / 4, "only {} of {ROUNDS} were killed in time", self.killed);
    }
}

#[test]
fn a_killed_init_leaves_no_job_or_one_that_goes_on() {
    let site = Site::sampled(ROWS);
    let expected = site.expected_results();
    let mut killer = Killer::measure(&mut site.hestat(["init"]));
    let shape = Shape::of(&site.dataset(site.newest()));
    let mut seeds = Seeds::default();
    finish_jobs(&site, &shape, &mut seeds, &expected);
    for _ in 0..ROUNDS {
        killer.kill(&mut site.hestat(["init"]));
        finish_jobs(&site, &shape, &mut seeds, &expected);
    }
    killer.assert_hit();
    site.init();
    assert!(!names(&site.state().join("jobs")).iter().any(|name| name.starts_with('.')), "the next init sweeps");
    finish_jobs(&site, &shape, &mut seeds, &expected);
    assert!(seeds.count() as u64 > 2 * shape.layout.block_count());
}

/// Every job that exists goes on to the exact statistics, and is then forgotten.
fn finish_jobs(site: &Site, shape: &Shape, seeds: &mut Seeds, expected: &[u8]) {
    seeds.collect(site, shape);
    for (job, record) in site.store().list().unwrap() {
        if record.unwrap().phase == Phase::Spooled {
            assert_eq!(site.run(["compute"]).done().stdout.lines().count(), 1);
            site.run(["init", "--resume", &job.to_string()]).done();
        }
        seeds.collect(site, shape);
        site.run(["compute"]).done();
        site.run(["result", &job.to_string()]).done();
        assert!(fs::read(site.results()).unwrap() == expected);
        site.run(["forget", &job.to_string()]).done();
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_killed_compute_leaves_no_totals_or_whole_ones() {
    let Answered { site, job, dataset, totals, results, .. } = Answered::new(Site::sampled(ROWS));
    fs::remove_file(site.totals(job)).unwrap();
    let mut killer = Killer::measure(&mut site.hestat(["compute"]));
    for _ in 0..ROUNDS {
        fs::remove_file(site.totals(job)).unwrap();
        fs::create_dir_all(site.dataset(job).parent().unwrap()).unwrap();
        fs::write(site.dataset(job), &dataset).unwrap();
        killer.kill(&mut site.hestat(["compute"]));
        if site.totals(job).exists() {
            assert!(fs::read(site.totals(job)).unwrap() == totals, "whole, if there at all");
        } else {
            assert!(fs::read(site.dataset(job)).unwrap() == dataset, "it goes when the totals are there");
        }
        site.run(["compute"]).done();
        assert!(fs::read(site.totals(job)).unwrap() == totals);
        assert!(!site.dataset(job).exists());
        site.run(["result"]).done();
        assert!(fs::read(site.results()).unwrap() == results);
    }
    killer.assert_hit();
}

#[test]
fn a_killed_result_leaves_the_old_results_or_the_new_ones() {
    let job = Answered::new(Site::sampled(3000));
    let mut killer = Killer::measure(&mut job.site.hestat(["result"]));
    for round in 0..2 * ROUNDS {
        job.forget_answers();
        let old = (round % 2 == 0).then_some(b"of another day\n".to_vec());
        if let Some(old) = &old {
            fs::write(job.site.results(), old).unwrap();
        }
        killer.kill(&mut job.site.hestat(["result"]));
        let found = fs::read(job.site.results()).ok();
        assert!(found == old || found.as_ref() == Some(&job.results), "absent, old or whole");
        assert_phase_in_order(&job, job.job);
        job.site.run(["result"]).done();
        assert!(fs::read(job.site.results()).unwrap() == job.results);
    }
    killer.assert_hit();
}

fn assert_phase_in_order(answered: &Answered, job: JobId) {
    let phase = answered.site.phase(job);
    assert!(matches!(phase, Phase::Uploaded | Phase::Decrypted), "{phase:?}");
}
