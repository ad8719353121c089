//! SIGKILL at any moment: no data is lost, and no incomplete file is mistaken for a complete one.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hestat::foundation::random::{Randomness, from_system};
use hestat::keystore::Phase;
use rand_core::Rng;

use super::seed_uniqueness::{DatasetShape, Seeds};
use crate::sandbox::{CommandOutput, ComputedJob, Sandbox};

/// Large enough that each step takes a while, small enough that it can be repeated many times.
const ROWS: u64 = 60_000;
const ROUNDS: usize = 12;

/// Kills commands at moments drawn uniformly from the time that such a command takes.
struct Killer {
    random: Randomness,
    /// How long a command takes if it is not killed.
    duration: Duration,
    killed: usize,
}

impl Killer {
    /// Runs `example` to its end. The commands to kill must take as long as it.
    fn measure(example: &mut Command) -> Self {
        let start = Instant::now();
        CommandOutput::from(example.output().unwrap()).expect_code(0);
        Self { random: from_system().unwrap(), duration: start.elapsed(), killed: 0 }
    }

    /// Starts the command and kills it after a random time. The sleep is the input of the test and waits for nothing.
    fn kill(&mut self, command: &mut Command) {
        let moment = self.duration.mul_f64(f64::from(self.random.next_u32()) / f64::from(u32::MAX));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(moment);
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert!(status.success() || status.signal() == Some(9), "{status:?} after {moment:?}");
        self.killed += usize::from(!status.success());
    }

    /// Fails if too few commands were killed before their end.
    fn assert_enough_killed(&self) {
        assert!(self.killed >= ROUNDS / 4, "only {} of {ROUNDS} were killed in time", self.killed);
    }
}

#[test]
fn a_killed_init_leaves_no_job_or_one_that_can_be_resumed() {
    let sandbox = Sandbox::with_sample(ROWS);
    let expected = sandbox.expected_results();
    let mut killer = Killer::measure(&mut sandbox.command(["init"]));
    let shape = DatasetShape::of(&sandbox.dataset(sandbox.newest_job()));
    let mut seeds = Seeds::default();
    finish_jobs(&sandbox, &shape, &mut seeds, &expected);
    for _ in 0..ROUNDS {
        killer.kill(&mut sandbox.command(["init"]));
        finish_jobs(&sandbox, &shape, &mut seeds, &expected);
    }
    killer.assert_enough_killed();
    sandbox.init_table();
    assert!(!sandbox.jobs().iter().any(|name| name.starts_with('.')), "init has not removed the incomplete jobs");
    finish_jobs(&sandbox, &shape, &mut seeds, &expected);
    assert!(seeds.count() as u64 > 2 * shape.layout.block_count());
}

/// Completes every job, compares its statistics, and forgets it.
fn finish_jobs(sandbox: &Sandbox, shape: &DatasetShape, seeds: &mut Seeds, expected: &[u8]) {
    seeds.collect(sandbox, shape);
    for (job, record) in sandbox.store().list().unwrap() {
        if record.unwrap().phase == Phase::Spooled {
            assert_eq!(sandbox.succeed(["compute"]).stdout.lines().count(), 1);
            sandbox.succeed(["init", "--resume", &job.to_string()]);
        }
        seeds.collect(sandbox, shape);
        sandbox.succeed(["compute"]);
        sandbox.succeed(["result", &job.to_string()]);
        assert!(fs::read(sandbox.results()).unwrap() == expected);
        sandbox.succeed(["forget", &job.to_string()]);
    }
}

#[test]
fn a_killed_compute_leaves_no_totals_or_complete_ones() {
    let ComputedJob { sandbox, id: job, dataset, totals, results, .. } = ComputedJob::new(Sandbox::with_sample(ROWS));
    fs::remove_file(sandbox.totals(job)).unwrap();
    let mut killer = Killer::measure(&mut sandbox.command(["compute"]));
    for _ in 0..ROUNDS {
        fs::remove_file(sandbox.totals(job)).unwrap();
        fs::create_dir_all(sandbox.dataset(job).parent().unwrap()).unwrap();
        fs::write(sandbox.dataset(job), &dataset).unwrap();
        killer.kill(&mut sandbox.command(["compute"]));
        if sandbox.totals(job).exists() {
            assert!(fs::read(sandbox.totals(job)).unwrap() == totals, "the totals are incomplete");
        } else {
            assert!(
                fs::read(sandbox.dataset(job)).unwrap() == dataset,
                "the dataset was removed before the totals were complete"
            );
        }
        sandbox.succeed(["compute"]);
        assert!(fs::read(sandbox.totals(job)).unwrap() == totals);
        assert!(!sandbox.dataset(job).exists());
        sandbox.succeed(["result"]);
        assert!(fs::read(sandbox.results()).unwrap() == results);
    }
    killer.assert_enough_killed();
}

#[test]
fn a_killed_result_leaves_the_old_results_or_the_new_ones() {
    let job = ComputedJob::new(Sandbox::with_sample(3000));
    let mut killer = Killer::measure(&mut job.sandbox.command(["result"]));
    for round in 0..2 * ROUNDS {
        job.reset();
        let old = (round % 2 == 0).then_some(b"old results\n".to_vec());
        if let Some(old) = &old {
            fs::write(job.sandbox.results(), old).unwrap();
        }
        killer.kill(&mut job.sandbox.command(["result"]));
        let found = fs::read(job.sandbox.results()).ok();
        assert!(
            found == old || found.as_ref() == Some(&job.results),
            "the results are neither the old nor the new ones"
        );
        let phase = job.sandbox.phase(job.id);
        assert!(matches!(phase, Phase::Uploaded | Phase::Decrypted), "{phase:?}");
        job.sandbox.succeed(["result"]);
        assert!(fs::read(job.sandbox.results()).unwrap() == job.results);
    }
    killer.assert_enough_killed();
}
