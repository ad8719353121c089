//! Commands that wait for other processes.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{FIGURES, TABLE, sample, single};
use crate::house::{House, path, wait_until};

#[test]
fn result_waits_for_the_computation() {
    let house = House::new();
    let job = house.init(&house.write("data.csv", TABLE));
    let waiting = house.start(["result", "--wait"]);
    wait_until("the wait", || waiting.has_open(&house.state().join("jobs").join(&job)));
    house.compute().expect_code(0);
    waiting.end().expect_code(0);
    assert_eq!(house.read("decrypted_results.csv"), FIGURES);
}

#[test]
fn waiting_can_be_interrupted() {
    let house = House::new();
    let job = house.init(&house.write("data.csv", TABLE));
    let waiting = house.start(["result", "--wait"]);
    wait_until("the wait", || waiting.has_open(&house.state().join("jobs").join(&job)));
    waiting.signal(Signal::INT);
    waiting.end().expect_code(130);
    // The job is not lost.
    house.compute().expect_code(0);
    house.succeed(["result", &job]);
}

#[test]
fn watch_computes_datasets_until_it_is_stopped() {
    for signal in [Signal::TERM, Signal::INT] {
        let house = House::new();
        let watch = house.start(["compute", "--watch", "--data", path(&house.server())]);
        let jobs: Vec<_> = [1, 2]
            .map(|value| {
                let (csv, results) = single(value);
                let job = house.init(&house.write("data.csv", csv));
                house.succeed(["result", "--wait", "--timeout", "60"]);
                assert_eq!(house.read("decrypted_results.csv"), results);
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
    let house = House::new();
    let csv = sample(&house, 30_000);
    let jobs: Vec<String> = (0..4).map(|_| house.init(&csv)).collect();
    let both = [(); 2].map(|()| house.start(["compute", "--data", path(&house.server())]));
    let printed: String = both.map(|child| child.end().expect_code(0).stdout).concat();
    for job in &jobs {
        assert_eq!(printed.matches(&format!("job {job} computed")).count(), 1, "{printed}");
        house.run(["result", "--quiet", job, "--check", path(&csv)]).expect_code(0);
    }
}
