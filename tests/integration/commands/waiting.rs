//! Commands that wait for each other.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{FIGURES, TABLE, sample, single};
use crate::house::{House, path, wait_until};

#[test]
fn result_waits_until_it_is_computed() {
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
    // Nothing is lost by it.
    house.compute().expect_code(0);
    house.succeed(["result", &job]);
}

#[test]
fn watch_computes_what_comes_until_it_is_stopped() {
    for asked in [Signal::TERM, Signal::INT] {
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
        watch.signal(asked);
        let begin = Instant::now();
        let ended = watch.end().expect_code(0);
        assert!(begin.elapsed() < Duration::from_secs(1), "it took {:?}", begin.elapsed());
        let told: Vec<String> = jobs.iter().map(|job| format!("job {job} computed\n")).collect();
        assert_eq!((ended.stdout, ended.stderr), (told.concat(), String::new()));
    }
}

#[test]
fn two_computes_at_once_do_not_collide() {
    let house = House::new();
    let csv = sample(&house, 30_000);
    let jobs: Vec<String> = (0..4).map(|_| house.init(&csv)).collect();
    let both = [(); 2].map(|()| house.start(["compute", "--data", path(&house.server())]));
    let said: String = both.map(|child| child.end().expect_code(0).stdout).concat();
    for job in &jobs {
        assert_eq!(said.matches(&format!("job {job} computed")).count(), 1, "{said}");
        house.run(["result", "--quiet", job, "--check", path(&csv)]).expect_code(0);
    }
}
