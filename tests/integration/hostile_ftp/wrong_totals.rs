//! A server that returns the wrong totals: none are shown, and nothing about the key leaks.

use std::fs;

use hestat::package::JobId;

use super::assert_refused;
use super::behavior::{Behavior, Reaction, send_reply};
use super::fixture::{FetchableJob, Fixture};
use super::monitor::run_monitored;
use crate::sandbox::CommandOutput;

/// A server that sends these bytes as the totals.
fn with_totals(bytes: Vec<u8>) -> Behavior {
    Behavior::with_reactions(move |line| {
        let is_totals = line.starts_with("RETR") && line.ends_with("totals.hes");
        if is_totals { Reaction::Data { bytes: bytes.clone(), endless: Vec::new() } } else { Reaction::Correct }
    })
}

/// Asserts that totals were refused with this code, that no statistics were printed or written, and that the job's
/// correct totals are still accepted.
#[track_caller]
fn assert_totals_refused(computed: &FetchableJob, case: &str, output: &CommandOutput, code: i32) {
    assert_refused(case, output, &[code]);
    assert_eq!((output.stdout.as_str(), computed.results()), ("", None), "{case}");
    computed.assert_job_intact(case);
}

/// Totals of another job of the same table, swapped or stale, are refused.
#[test]
fn swapped_and_stale_totals_are_refused() {
    let computed = FetchableJob::new();
    let other = computed.fixture.compute_new_job();
    let swapped = |from: JobId, to: JobId| {
        let (from, to) = (from.to_string(), to.to_string());
        Behavior::with_reactions(move |line| {
            if line.contains(&from) { Reaction::Instead(line.replace(&from, &to)) } else { Reaction::Correct }
        })
    };
    let output = computed.result_with("another job's totals", swapped(computed.job, other));
    assert_totals_refused(&computed, "another job's totals", &output, 7);
    computed.reset();
    computed.fixture.server.set_behavior(swapped(other, computed.job));
    let output = computed.fixture.result("stale totals", other);
    assert_refused("stale totals", &output, &[7]);
    assert_eq!((output.stdout.as_str(), computed.results()), ("", None));
}

#[test]
fn altered_totals_are_refused_and_the_job_stays_intact() {
    let computed = FetchableJob::new();
    let correct = fs::read(computed.totals()).unwrap();
    for position in [0, 8, 40, correct.len() / 2, correct.len() - 1] {
        let case = format!("byte {position}");
        let mut altered = correct.clone();
        altered[position] ^= 0x10;
        let output = computed.result_with(&case, with_totals(altered));
        assert_totals_refused(&computed, &case, &output, 9);
    }
}

/// A well-formed file with correct digests, but of another kind: the dataset itself.
#[test]
fn the_dataset_instead_of_the_totals_is_refused() {
    let computed = FetchableJob::new();
    let dataset = fs::read(computed.dataset()).unwrap();
    let output = computed.result_with("the dataset", with_totals(dataset));
    assert_totals_refused(&computed, "the dataset", &output, 7);
}

/// After the correct totals were accepted, different ones are refused.
#[test]
fn a_job_accepts_one_totals_file_only() {
    let computed = FetchableJob::new();
    let other = computed.fixture.compute_new_job();
    let others = fs::read(computed.fixture.sandbox.totals(other)).unwrap();
    computed.result_with("honest", Behavior::correct()).expect_code(0);
    fs::remove_file(computed.fixture.sandbox.file("out.csv")).unwrap();
    computed.fixture.server.set_behavior(with_totals(others));
    let output = computed.fixture.result("different totals", computed.job);
    assert_totals_refused(&computed, "different totals", &output, 7);
}

/// The client disconnects before it reads the key or verifies anything, so the server can observe neither the outcome
/// nor its timing. The test moves the key away when the client sends QUIT.
#[test]
fn the_connection_is_closed_before_the_key_is_read() {
    let computed = FetchableJob::new();
    let original = computed.fixture.sandbox.secrets(computed.job);
    let moved = original.with_extension("moved");
    let (from, to) = (original.clone(), moved.clone());
    let behavior = Behavior::with_reactions(move |line| {
        if line.starts_with("QUIT") {
            fs::rename(&from, &to).unwrap();
        }
        Reaction::Correct
    });
    let output = computed.result_with("a key that vanishes", behavior);
    assert_refused("a key that vanishes", &output, &[5]);
    fs::rename(moved, original).unwrap();
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
    assert_refused("run", &output, &[9]);
    let output = output.says(&["Nothing of this run was kept, here or on the server. Run the command again."]);
    assert!(!output.stderr.contains("hestat result") && !fixture.has_dataset() && fixture.sandbox.jobs().is_empty());
    assert!(!fixture.sandbox.file("out.csv").exists());
}
