//! A server that returns the wrong totals: nothing of them is shown, and nothing is revealed about the key.

use std::fs;

use super::assert_refused;
use super::behavior::{Behavior, Reaction, send_reply};
use super::fixture::{ComputedJob, Fixture};
use super::monitor::run_monitored;

/// A server that sends these bytes as the totals.
fn with_totals(bytes: Vec<u8>) -> Behavior {
    Behavior::with_reactions(move |line| {
        let is_totals = line.starts_with("RETR") && line.ends_with("totals.hes");
        if is_totals { Reaction::Data { bytes: bytes.clone(), endless: Vec::new() } } else { Reaction::Correct }
    })
}

/// Runs and computes another job of the same table on the same server. Returns its name.
fn other_job(computed: &ComputedJob) -> String {
    let made = computed.fixture.init("another job").expect_code(0).json();
    computed
        .fixture
        .sandbox
        .run(["compute", "--keep", "--data", computed.fixture.sandbox.server().to_str().unwrap()])
        .expect_code(0);
    made["job"].as_str().unwrap().to_owned()
}

/// Totals of another job of the same table, older or newer, are refused.
#[test]
fn swapped_and_stale_totals_are_refused() {
    let computed = ComputedJob::new();
    let other = other_job(&computed);
    let swapped = |from: String, to: String| {
        Behavior::with_reactions(move |line| {
            if line.contains(&from) { Reaction::Instead(line.replace(&from, &to)) } else { Reaction::Correct }
        })
    };
    let output = computed.result_with("another job's totals", swapped(computed.job.clone(), other.clone()));
    assert_refused("another job's totals", &output, &[7]);
    assert_eq!(output.stdout, "");
    computed.assert_job_intact("another job's totals");
    computed.reset();
    computed.fixture.server.set_behavior(swapped(other.clone(), computed.job.clone()));
    let output = computed.fixture.result("stale totals", &other);
    assert_refused("stale totals", &output, &[7]);
    assert_eq!((output.stdout.as_str(), computed.results()), ("", None));
}

#[test]
fn altered_totals_are_refused_and_the_job_stays_intact() {
    let computed = ComputedJob::new();
    let correct = fs::read(computed.file("outbox", "totals.hes")).unwrap();
    for position in [0, 8, 40, correct.len() / 2, correct.len() - 1] {
        let case = format!("byte {position}");
        let mut altered = correct.clone();
        altered[position] ^= 0x10;
        let output = computed.result_with(&case, with_totals(altered));
        assert_refused(&case, &output, &[9]);
        assert_eq!((output.stdout.as_str(), computed.results()), ("", None));
        computed.assert_job_intact(&case);
    }
}

/// A well-formed file with correct digests, but of another kind: the dataset itself.
#[test]
fn the_dataset_instead_of_the_totals_is_refused() {
    let computed = ComputedJob::new();
    let dataset = fs::read(computed.file("inbox", "dataset.hes")).unwrap();
    let output = computed.result_with("the dataset", with_totals(dataset));
    assert_refused("the dataset", &output, &[7]);
    computed.assert_job_intact("the dataset");
}

/// After the correct totals were accepted, different ones are refused.
#[test]
fn a_job_accepts_one_answer_only() {
    let computed = ComputedJob::new();
    let other = other_job(&computed);
    let others =
        fs::read(computed.file("outbox", "totals.hes").to_str().unwrap().replace(&computed.job, &other)).unwrap();
    computed.result_with("honest", Behavior::correct()).expect_code(0);
    fs::remove_file(computed.fixture.sandbox.file("out.csv")).unwrap();
    computed.fixture.server.set_behavior(with_totals(others));
    let output = computed.fixture.result("a second answer", &computed.job);
    assert_refused("a second answer", &output, &[7]);
    computed.assert_job_intact("a second answer");
}

/// The connection is closed before the key is read and anything is verified or computed, so the server can observe
/// neither the verdict nor its timing. Here the key disappears when the client sends QUIT.
#[test]
fn the_connection_is_closed_before_the_key_is_read() {
    let computed = ComputedJob::new();
    let secrets = computed.fixture.sandbox.state().join("jobs").join(&computed.job).join("secrets.hes");
    let (away, taken) = (secrets.with_extension("away"), secrets.clone());
    let behavior = Behavior::with_reactions(move |line| {
        if line.starts_with("QUIT") {
            fs::rename(&taken, secrets.with_extension("away")).unwrap();
        }
        Reaction::Correct
    });
    let output = computed.result_with("a key that vanishes", behavior);
    assert_refused("a key that vanishes", &output, &[5]);
    fs::rename(&away, away.with_extension("hes")).unwrap();
    computed.assert_job_intact("a key that vanishes");
}

/// `hestat run` keeps no state. It removes the server's files before it verifies the totals.
#[test]
fn wrong_totals_for_run_leave_nothing_behind() {
    let fixture = Fixture::new(Behavior::with_reactions(|line| match line {
        _ if line.starts_with("SIZE") && line.ends_with("totals.hes") => send_reply("213 100"),
        _ if line.starts_with("RETR") => Reaction::Data { bytes: vec![7; 100], endless: Vec::new() },
        _ => Reaction::Correct,
    }));
    let run = ["run", "--input", "table.csv", "--server", &fixture.url(), "--output", "out.csv"];
    let output = run_monitored("run", &mut fixture.command(&run));
    assert_refused("run", &output, &[7, 9]);
    let output = output.says(&["Nothing of this run was kept, here or on the server. Run the command again."]);
    assert!(!output.stderr.contains("hestat result") && !fixture.has_dataset() && fixture.sandbox.jobs().is_empty());
    assert!(!fixture.sandbox.file("out.csv").exists());
}
