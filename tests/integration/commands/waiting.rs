//! Commands that wait for other processes.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{RESULTS, TABLE, sample, single};
use crate::sandbox::{Sandbox, path, wait_until};

#[test]
fn result_waits_for_the_computation() {
    let sandbox = Sandbox::new();
    let job = sandbox.init(&sandbox.write("data.csv", TABLE));
    let waiting = sandbox.start(["result", "--wait"]);
    wait_until("the wait", || waiting.has_open(&sandbox.state().join("jobs").join(&job)));
    sandbox.compute().expect_code(0);
    waiting.end().expect_code(0);
    assert_eq!(sandbox.read("decrypted_results.csv"), RESULTS);
}

#[test]
fn waiting_can_be_interrupted() {
    let sandbox = Sandbox::new();
    let job = sandbox.init(&sandbox.write("data.csv", TABLE));
    let waiting = sandbox.start(["result", "--wait"]);
    wait_until("the wait", || waiting.has_open(&sandbox.state().join("jobs").join(&job)));
    waiting.signal(Signal::INT);
    waiting.end().expect_code(130);
    // The job is not lost.
    sandbox.compute().expect_code(0);
    sandbox.succeed(["result", &job]);
}

#[test]
fn watch_computes_datasets_until_it_is_stopped() {
    for signal in [Signal::TERM, Signal::INT] {
        let sandbox = Sandbox::new();
        let watch = sandbox.start(["compute", "--watch", "--data", path(&sandbox.server())]);
        let jobs: Vec<_> = [1, 2]
            .map(|value| {
                let (csv, results) = single(value);
                let job = sandbox.init(&sandbox.write("data.csv", csv));
                sandbox.succeed(["result", "--wait", "--timeout", "60"]);
                assert_eq!(sandbox.read("decrypted_results.csv"), results);
                job
            })
            .into();
        watch.signal(signal);
        let begin = Instant::now();
        let ended = watch.end().expect_code(0);
        // At once, not after a timeout; a busy machine may need seconds.
        assert!(begin.elapsed() < Duration::from_secs(10), "it took {:?}", begin.elapsed());
        let lines: Vec<String> = jobs.iter().map(|job| format!("job {job} computed\n")).collect();
        assert_eq!((ended.stdout, ended.stderr), (lines.concat(), String::new()));
    }
}

#[test]
fn two_computes_do_not_interfere() {
    let sandbox = Sandbox::new();
    let csv = sample(&sandbox, 30_000);
    let jobs: Vec<String> = (0..4).map(|_| sandbox.init(&csv)).collect();
    let both = [(); 2].map(|()| sandbox.start(["compute", "--data", path(&sandbox.server())]));
    let printed: String = both.map(|child| child.end().expect_code(0).stdout).concat();
    for job in &jobs {
        assert_eq!(printed.matches(&format!("job {job} computed")).count(), 1, "{printed}");
        sandbox.run(["result", "--quiet", job, "--check", path(&csv)]).expect_code(0);
    }
}
