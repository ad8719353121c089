//! Commands leave no files but their results, whether they succeed, fail or are interrupted.

use rustix::process::Signal;

use super::{RESULTS, TABLE, sample};
use crate::sandbox::{CommandOutput, Process, Sandbox, entries, path, wait_until};

/// Enough rows for every stage to last until it is interrupted.
const MANY: u64 = 400_000;

#[test]
fn run_leaves_only_its_results() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", TABLE);
    sandbox.succeed(["run", "--input", path(&csv), "--output", "out.csv"]);
    assert_eq!(sandbox.read("out.csv"), RESULTS);
    assert_eq!(entries(&sandbox.work()), ["data.csv", "out.csv"]);
    assert_nothing_is_left(&sandbox);
    sandbox.feed(["run", "--input", "-"], TABLE.as_bytes()).expect_code(0);
    assert_nothing_is_left(&sandbox);
    sandbox.write("bad.csv", "a\n1\nx\n");
    sandbox.run(["run", "--input", "bad.csv"]).expect_code(3);
    assert_nothing_is_left(&sandbox);
    sandbox.run(["run", "--input", path(&csv), "--output", "nowhere/out.csv"]).expect_code(8);
    assert_nothing_is_left(&sandbox);
}

#[track_caller]
fn assert_nothing_is_left(sandbox: &Sandbox) {
    assert_eq!((entries(&sandbox.temporary()), entries(&sandbox.state())), (vec![], vec![]));
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    let sandbox = Sandbox::new();
    let csv = sample(&sandbox, MANY);
    let run = || sandbox.start(["run", "--input", path(&csv), "--output", "out.csv", "--check"]);
    let directory = || entries(&sandbox.temporary()).first().map(|name| sandbox.temporary().join(name));
    let jobs = || directory().map(|run| entries(&run.join("client").join("jobs"))).unwrap_or_default();
    let stages: [(&str, &dyn Fn() -> bool); 2] = [
        ("the run's directory", &|| directory().is_some()),
        ("the encryption", &|| jobs().iter().any(|name| name.starts_with(".new-"))),
    ];
    for (what, reached) in stages {
        for signal in [Signal::INT, Signal::TERM] {
            let ended = interrupt(run(), what, reached, signal);
            ended.expect_code(130).says(&["error: stopped on request"]);
            assert_nothing_is_left(&sandbox);
            assert!(!sandbox.file("out.csv").exists());
        }
    }
}

/// A run that was killed cannot clean up. The next one does, without disturbing a run that is still active.
#[test]
fn a_killed_run_leaves_its_key_only_until_the_next_run() {
    let sandbox = Sandbox::new();
    let csv = sample(&sandbox, MANY);
    let run = || sandbox.start(["run", "--input", path(&csv), "--output", "out.csv"]);
    let active = run();
    // Another run may remove the directory until it is locked.
    let directory = || entries(&sandbox.temporary()).first().map(|name| sandbox.temporary().join(name));
    wait_until("an active run", || directory().is_some_and(|run| !entries(&run).is_empty()));
    active.signal(Signal::STOP);
    let killed = run();
    wait_until("another run", || entries(&sandbox.temporary()).len() == 2);
    killed.signal(Signal::KILL);
    killed.end();
    let small = sandbox.write("small.csv", TABLE);
    let run = || sandbox.run(["run", "--input", path(&small), "--output", "small-out.csv"]).expect_code(0);
    assert!(run().stderr.contains("an earlier run was killed"));
    assert_eq!(entries(&sandbox.temporary()).len(), 1);
    assert!(!run().stderr.contains("an earlier run was killed"));
    active.signal(Signal::CONT);
    active.end().expect_code(0);
    assert_nothing_is_left(&sandbox);
}

#[test]
fn an_interrupted_init_leaves_no_job() {
    let sandbox = Sandbox::new();
    let csv = sample(&sandbox, MANY);
    let init = sandbox.start(["init", "--input", path(&csv), "--server", &sandbox.url()]);
    let ended = interrupt(init, "the encryption", &|| !sandbox.jobs().is_empty(), Signal::INT);
    assert_eq!(ended.expect_code(130).stdout, "");
    assert_eq!((sandbox.jobs(), sandbox.inbox()), (vec![], vec![]));
}

/// Sends the signal as soon as the command has reached this stage.
fn interrupt(child: Process, what: &str, reached: &dyn Fn() -> bool, signal: Signal) -> CommandOutput {
    wait_until(what, reached);
    child.signal(signal);
    child.end()
}

#[test]
fn an_interrupted_sample_leaves_no_file() {
    let sandbox = Sandbox::new();
    let child = sandbox.start(["sample", "--rows", "1000000000", "--output", "endless.csv"]);
    let ended = interrupt(child, "the file", &|| !entries(&sandbox.work()).is_empty(), Signal::INT);
    ended.expect_code(130);
    assert_eq!(entries(&sandbox.work()), Vec::<String>::new());
}
