//! Datasets whose computation ends the process: after three times they stay out of the way, and the client is told why.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use hestat::package::JobId;

use crate::sandbox::{Sandbox, TestServer, entries, path, wait_until};
use crate::site::{Answered, PROGRAM, Ran, Site, small_table};

/// What a client is told of such a dataset.
const REASON: &str = "the computation was started 3 times and never finished; the dataset is quarantined";

/// The program without a right to write files of more than one block, so that the system kills it when it writes totals.
fn doomed(site: &Site) -> Command {
    let mut command = Command::new("sh");
    site.tell_where(&mut command);
    command.args(["-c", "ulimit -c 0; ulimit -f 1 && exec \"$@\"", "sh", PROGRAM, "compute"]);
    command
}

/// Two jobs that wait; the one that comes first by its name, and the other one.
fn waiting() -> (Site, JobId, JobId) {
    let site = Site::new(&small_table(300));
    let (one, two) = (site.init(), site.init());
    (site, one.min(two), one.max(two))
}

#[test]
fn what_killed_the_process_three_times_is_not_computed_again() {
    let (site, first, second) = waiting();
    let dataset = fs::read(site.dataset(first)).unwrap();
    for attempt in 0..3 {
        let ran = Ran::of(&mut doomed(&site));
        assert_eq!(ran.code, None, "attempt {attempt}: {ran:?}");
        assert!(site.dataset(first).exists() && !site.totals(first).exists());
    }
    for _ in 0..2 {
        let ran = site.run(["compute"]);
        assert_eq!(ran.code, Some(10), "{ran:?}");
        assert!(ran.stdout.contains(&format!("job {first} failed: {REASON}")), "{ran:?}");
        assert!(!site.totals(first).exists() && site.dataset(first).exists());
        assert!(site.totals(second).exists(), "other jobs are computed");
    }
    let told = site.run(["result", &first.to_string()]);
    assert!(told.code == Some(10) && told.stderr.contains(REASON), "{told:?}");
    site.run(["result", &second.to_string()]).done();
    // Uploaded anew, it has three attempts again.
    fs::remove_file(site.dataset(first)).unwrap();
    fs::write(site.dataset(first), dataset).unwrap();
    site.run(["compute"]).done();
    site.run(["result", &first.to_string()]).done();
    let left: Vec<_> = entries(&site.data());
    assert!(!left.iter().any(|name| name.starts_with('.')), "nothing is left of the records: {left:?}");
}

#[test]
fn what_is_in_quarantine_is_computed_when_somebody_says_so() {
    let (site, first, _) = waiting();
    for _ in 0..3 {
        assert_eq!(Ran::of(&mut doomed(&site)).code, None);
    }
    let refused = site.run(["compute"]);
    assert!(refused.code == Some(10) && refused.stderr.contains("hestat compute --retry"), "{refused:?}");
    site.run(["compute", "--retry"]).done();
    site.run(["result", &first.to_string()]).done();
}

/// What is removed and sent again, as `hestat forget` and `hestat init` do, is another dataset.
#[test]
fn a_job_in_quarantine_can_be_forgotten() {
    let (site, first, _) = waiting();
    for _ in 0..3 {
        assert_eq!(Ran::of(&mut doomed(&site)).code, None);
    }
    assert_eq!(site.run(["compute"]).code, Some(10));
    site.run(["forget", &first.to_string()]).done();
    assert!(!site.data().join(format!("inbox/{first}")).exists());
    assert!(!site.data().join(format!("outbox/{first}")).exists());
    assert!(site.run(["compute"]).done().stdout.starts_with("nothing to compute"));
    assert!(!site.data().join(".hestat-attempts").exists());
}

/// A reported failure is none of the three, however often it comes.
#[test]
fn failures_that_are_reported_count_for_nothing() {
    let Answered { site, job, totals, .. } = Answered::new(Site::new(&small_table(300)));
    fs::remove_file(site.totals(job)).unwrap();
    for _ in 0..5 {
        // The same limit, but the system's refusal is an error.
        let mut command = Command::new("sh");
        site.tell_where(&mut command);
        command.args(["-c", "trap '' XFSZ && ulimit -f 1 && exec \"$@\"", "sh", PROGRAM, "compute"]);
        let ran = Ran::of(&mut command);
        assert!(ran.code == Some(10) && ran.stdout.contains("File too large"), "{ran:?}");
    }
    site.run(["compute"]).done();
    assert!(fs::read(site.totals(job)).unwrap() == totals);
}

/// SIGKILL in the middle of computing, and restarts of the server after that.
#[test]
fn a_server_that_is_killed_three_times_starts_and_serves_others() {
    let sandbox = Sandbox::new();
    let table = sandbox.file("large.csv");
    sandbox.succeed(["sample", "--rows", "300000", "--output", path(&table)]);
    let job = sandbox.init(&table);
    let record: PathBuf = sandbox.server().join(".hestat-attempts").join(&job);
    let mut kills = 0;
    while kills < 3 {
        let mut server = sandbox.command(["compute", "--watch", "--data", path(&sandbox.server())]);
        let mut server = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let number = format!("\"started\":{}", kills + 1);
        wait_until("an attempt", || {
            let begun = fs::read_to_string(&record).is_ok_and(|text| text.contains(&number));
            begun || sandbox.server().join(format!("outbox/{job}/totals.hes")).exists()
        });
        server.kill().unwrap();
        server.wait().unwrap();
        assert!(sandbox.inbox().contains(&job), "it was faster than this test");
        kills += 1;
    }
    let served = TestServer::start(sandbox, &[]);
    let status = served.at(format!("outbox/{job}/status.json"));
    wait_until("the verdict", || fs::read_to_string(&status).is_ok_and(|text| text.contains(REASON)));
    served.assert_runs_job(100);
    assert!(!served.at(format!("outbox/{job}/totals.hes")).exists());
}
