//! Datasets whose computation kills the process: after three attempts they are quarantined, and the client learns why.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use hestat::package::JobId;
use rustix::process::Signal;

use crate::sandbox::{
    CommandOutput, ComputedJob, Process, Sandbox, TestServer, entries, path, small_table, wait_until, wrapped,
};

/// The client's message about such a dataset.
const REASON: &str = "the computation was started 3 times and never finished; the dataset is quarantined";

/// Runs `hestat compute` with this limit on file sizes. The system sends SIGXFSZ when it writes the totals.
fn compute_limited(sandbox: &Sandbox, limit: &str) -> CommandOutput {
    let script = format!("{limit} && exec \"$@\"");
    wrapped(&["sh", "-c", &script, "sh"], &sandbox.command(["compute"])).output().unwrap().into()
}

/// Runs `hestat compute`, which the system kills when it writes the totals.
#[track_caller]
fn killed_compute(sandbox: &Sandbox) {
    let output = compute_limited(sandbox, "ulimit -c 0; ulimit -f 1");
    assert_eq!(output.code, None, "{output:?}");
}

/// Two uploaded jobs, in the order of their names.
fn two_jobs() -> (Sandbox, JobId, JobId) {
    let sandbox = Sandbox::with_table(&small_table(300));
    let (one, two) = (sandbox.init_table(), sandbox.init_table());
    (sandbox, one.min(two), one.max(two))
}

#[test]
fn a_dataset_that_killed_the_process_three_times_is_not_computed_again() {
    let (sandbox, first, second) = two_jobs();
    let dataset = fs::read(sandbox.dataset(first)).unwrap();
    for _ in 0..3 {
        killed_compute(&sandbox);
        assert!(sandbox.dataset(first).exists() && !sandbox.totals(first).exists());
    }
    for _ in 0..2 {
        let output = sandbox.run(["compute"]).expect_code(10);
        assert!(output.stdout.contains(&format!("job {first} failed: {REASON}")), "{output:?}");
        assert!(!sandbox.totals(first).exists() && sandbox.dataset(first).exists());
        assert!(sandbox.totals(second).exists(), "the other job was not computed");
    }
    sandbox.run(["result", &first.to_string()]).expect_code(10).says(&[REASON]);
    sandbox.succeed(["result", &second.to_string()]);
    // After a new upload it has three attempts again.
    fs::remove_file(sandbox.dataset(first)).unwrap();
    fs::write(sandbox.dataset(first), dataset).unwrap();
    sandbox.succeed(["compute"]);
    sandbox.succeed(["result", &first.to_string()]);
    let left = entries(&sandbox.server());
    assert!(!left.iter().any(|name| name.starts_with('.')), "records of attempts are left: {left:?}");
}

#[test]
fn a_job_in_quarantine_is_computed_on_request() {
    let (sandbox, first, _) = two_jobs();
    for _ in 0..3 {
        killed_compute(&sandbox);
    }
    sandbox.run(["compute"]).expect_code(10).says(&["hestat compute --retry"]);
    sandbox.succeed(["compute", "--retry"]);
    sandbox.succeed(["result", &first.to_string()]);
}

/// `hestat forget` also removes the dataset and the record of its attempts.
#[test]
fn a_job_in_quarantine_can_be_forgotten() {
    let (sandbox, first, _) = two_jobs();
    for _ in 0..3 {
        killed_compute(&sandbox);
    }
    assert_eq!(sandbox.run(["compute"]).code, Some(10));
    sandbox.succeed(["forget", &first.to_string()]);
    assert!(!sandbox.server().join(format!("inbox/{first}")).exists());
    assert!(!sandbox.server().join(format!("outbox/{first}")).exists());
    assert!(sandbox.succeed(["compute"]).stdout.starts_with("nothing to compute"));
    assert!(!sandbox.server().join(".hestat-attempts").exists());
}

#[test]
fn reported_failures_do_not_count_as_attempts() {
    let ComputedJob { sandbox, id: job, totals, .. } = ComputedJob::small(300);
    fs::remove_file(sandbox.totals(job)).unwrap();
    for _ in 0..5 {
        // The same limit, but while the signal is ignored, the system reports an error.
        let output = compute_limited(&sandbox, "trap '' XFSZ && ulimit -f 1");
        assert!(output.code == Some(10) && output.stdout.contains("File too large"), "{output:?}");
    }
    sandbox.succeed(["compute"]);
    assert!(fs::read(sandbox.totals(job)).unwrap() == totals);
}

/// The server is killed in the middle of a computation and restarted.
#[test]
fn a_server_that_was_killed_three_times_starts_and_computes_other_jobs() {
    let sandbox = Sandbox::new();
    let table = sandbox.file("large.csv");
    sandbox.succeed(["sample", "--rows", "300000", "--output", path(&table)]);
    let job = sandbox.init(&table);
    let record: PathBuf = sandbox.server().join(".hestat-attempts").join(&job);
    for attempt in 1..=3 {
        let mut server = sandbox.command(["compute", "--watch", "--data", path(&sandbox.server())]);
        let server = Process::new(server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let number = format!("\"started\":{attempt}");
        wait_until("an attempt", || {
            let started = fs::read_to_string(&record).is_ok_and(|text| text.contains(&number));
            started || sandbox.server().join(format!("outbox/{job}/totals.hes")).exists()
        });
        server.signal(Signal::KILL);
        server.end();
        assert!(sandbox.inbox().contains(&job), "the computation ended before the server was killed");
    }
    let served = TestServer::start(sandbox, &[]);
    let status = served.at(format!("outbox/{job}/status.json"));
    wait_until("the reported failure", || fs::read_to_string(&status).is_ok_and(|text| text.contains(REASON)));
    served.assert_runs_job(100);
    assert!(!served.at(format!("outbox/{job}/totals.hes")).exists());
}
