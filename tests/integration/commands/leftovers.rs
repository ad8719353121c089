//! Commands leave no files but their results, whether they succeed, fail or are interrupted.

use rustix::process::Signal;

use super::{FIGURES, TABLE, sample};
use crate::house::{Ended, House, Running, entries, path, wait_until};

/// Enough rows for every stage to last until it is interrupted.
const MANY: u64 = 400_000;

#[test]
fn run_leaves_only_its_results() {
    let house = House::new();
    let csv = house.write("data.csv", TABLE);
    house.succeed(["run", "--input", path(&csv), "--output", "out.csv"]);
    assert_eq!(house.read("out.csv"), FIGURES);
    assert_eq!(entries(&house.work()), ["data.csv", "out.csv"]);
    assert_nothing_is_left(&house);
    house.feed(["run", "--input", "-"], TABLE.as_bytes()).expect_code(0);
    assert_nothing_is_left(&house);
    house.write("bad.csv", "a\n1\nx\n");
    house.run(["run", "--input", "bad.csv"]).expect_code(3);
    assert_nothing_is_left(&house);
    house.run(["run", "--input", path(&csv), "--output", "nowhere/out.csv"]).expect_code(8);
    assert_nothing_is_left(&house);
}

#[track_caller]
fn assert_nothing_is_left(house: &House) {
    assert_eq!((entries(&house.temporary()), entries(&house.state())), (vec![], vec![]));
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    let house = House::new();
    let csv = sample(&house, MANY);
    let run = || house.start(["run", "--input", path(&csv), "--output", "out.csv", "--check"]);
    let directory = || entries(&house.temporary()).first().map(|name| house.temporary().join(name));
    let jobs = || directory().map(|run| entries(&run.join("client").join("jobs"))).unwrap_or_default();
    let stages: [(&str, &dyn Fn() -> bool); 2] = [
        ("the run's directory", &|| directory().is_some()),
        ("the encryption", &|| jobs().iter().any(|name| name.starts_with(".new-"))),
    ];
    for (what, reached) in stages {
        for signal in [Signal::INT, Signal::TERM] {
            let ended = interrupt(run(), what, reached, signal);
            ended.expect_code(130).says(&["error: stopped on request"]);
            assert_nothing_is_left(&house);
            assert!(!house.file("out.csv").exists());
        }
    }
}

/// A run that was killed cannot clean up. The next one does, without disturbing a run that is still active.
#[test]
fn a_killed_run_leaves_its_key_only_until_the_next_run() {
    let house = House::new();
    let csv = sample(&house, MANY);
    let run = || house.start(["run", "--input", path(&csv), "--output", "out.csv"]);
    let active = run();
    // Another run may remove the directory until it is locked.
    let directory = || entries(&house.temporary()).first().map(|name| house.temporary().join(name));
    wait_until("an active run", || directory().is_some_and(|run| !entries(&run).is_empty()));
    active.signal(Signal::STOP);
    let killed = run();
    wait_until("another run", || entries(&house.temporary()).len() == 2);
    killed.signal(Signal::KILL);
    killed.end();
    let small = house.write("small.csv", TABLE);
    let run = || house.run(["run", "--input", path(&small), "--output", "small-out.csv"]).expect_code(0);
    assert!(run().stderr.contains("an earlier run was killed"));
    assert_eq!(entries(&house.temporary()).len(), 1);
    assert!(!run().stderr.contains("an earlier run was killed"));
    active.signal(Signal::CONT);
    active.end().expect_code(0);
    assert_nothing_is_left(&house);
}

#[test]
fn an_interrupted_init_leaves_no_job() {
    let house = House::new();
    let csv = sample(&house, MANY);
    let init = house.start(["init", "--input", path(&csv), "--server", &house.url()]);
    let ended = interrupt(init, "the encryption", &|| !house.jobs().is_empty(), Signal::INT);
    assert_eq!(ended.expect_code(130).stdout, "");
    assert_eq!((house.jobs(), house.inbox()), (vec![], vec![]));
}

/// Sends the signal as soon as the command has reached this stage.
fn interrupt(child: Running, what: &str, reached: &dyn Fn() -> bool, signal: Signal) -> Ended {
    wait_until(what, reached);
    child.signal(signal);
    child.end()
}

#[test]
fn an_interrupted_sample_leaves_no_file() {
    let house = House::new();
    let child = house.start(["sample", "--rows", "1000000000", "--output", "endless.csv"]);
    let ended = interrupt(child, "the file", &|| !entries(&house.work()).is_empty(), Signal::INT);
    ended.expect_code(130);
    assert_eq!(entries(&house.work()), Vec::<String>::new());
}
