//! Processes that do the same work at the same time.

use std::fs;

use crate::sandbox::{ComputedJob, Process, Sandbox, small_table};

#[test]
fn two_computes_compute_each_job_once() {
    let sandbox = Sandbox::with_table(&small_table(20_000));
    let jobs: Vec<_> = (0..10).map(|_| sandbox.init_table()).collect();
    sandbox.succeed(["compute", "--keep"]);
    let expected: Vec<_> = jobs.iter().map(|job| fs::read(sandbox.totals(*job)).unwrap()).collect();
    fs::remove_dir_all(sandbox.server().join("outbox")).unwrap();
    let both = [(); 2].map(|()| sandbox.start(["compute", "--json"])).map(Process::end);
    let computed: usize =
        both.into_iter().map(|output| output.expect_code(0).stdout.matches("\"computed\"").count()).sum();
    assert_eq!(computed, jobs.len(), "a job was computed twice or not at all");
    for (job, expected) in jobs.iter().zip(&expected) {
        assert!(fs::read(sandbox.totals(*job)).unwrap() == *expected);
        assert!(!sandbox.dataset(*job).exists());
        sandbox.succeed(["result", &job.to_string()]);
    }
}

#[test]
fn two_results_both_succeed_or_one_of_them_reports_that_the_job_is_busy() {
    let job = ComputedJob::new(Sandbox::with_sample(3000));
    for _ in 0..10 {
        job.reset();
        let both = [(); 2].map(|()| job.sandbox.start(["result"])).map(Process::end);
        let (done, busy): (Vec<_>, Vec<_>) = both.iter().partition(|output| output.code == Some(0));
        assert!(!done.is_empty(), "{both:?}");
        for output in busy {
            assert_eq!((output.code, output.stdout.as_str()), (Some(5), ""), "{output:?}");
            assert!(output.stderr.contains("another hestat is working on job"), "{output:?}");
        }
        assert!(fs::read(job.sandbox.results()).unwrap() == job.results);
    }
}

/// The table is so small that most of the time is spent on creating and removing directories.
#[test]
fn each_of_many_concurrent_inits_creates_a_job() {
    let sandbox = Sandbox::with_table(&small_table(3));
    for _ in 0..40 {
        let inits: Vec<_> = (0..4).map(|_| sandbox.start(["init", "--quiet"])).collect();
        for init in inits {
            init.end().expect_code(0);
        }
    }
    let jobs = sandbox.store().list().unwrap();
    assert_eq!(jobs.len(), 160);
    sandbox.succeed(["compute", "--quiet"]);
    for (job, _) in jobs.iter().step_by(40) {
        sandbox.succeed(["result", &job.to_string()]);
    }
}
