//! Servers that send a byte now and then: they cannot hold a client indefinitely, in one attempt or over many.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::assert_refused;
use super::behavior::{Behavior, Reaction, send_reply};
use super::fixture::{FetchableJob, Fixture};
use super::monitor::run_monitored;

/// Sends one byte of the totals in each attempt, then disconnects.
fn one_byte_per_attempt(line: &str) -> Reaction {
    match line {
        _ if line.starts_with("RETR") => Reaction::Data { bytes: vec![b'h'], endless: Vec::new() },
        _ if line.starts_with("DONE RETR") => Reaction::Close,
        _ => Reaction::Correct,
    }
}

fn result_within(computed: &FetchableJob, seconds: &str) -> Command {
    let job = computed.job.to_string();
    let mut command =
        computed.fixture.command(&["result", &job, "--wait", "--timeout", seconds, "--output", "out.csv"]);
    command.env("HESTAT_SERVER_TIMEOUT", "60").env("HESTAT_RETRIES", "1000");
    command
}

#[test]
fn one_byte_per_attempt_earns_no_further_attempts() {
    let computed = FetchableJob::new();
    let output = computed.result_with("a byte an attempt", Behavior::with_reactions(one_byte_per_attempt));
    assert_refused("a byte an attempt", &output, &[6]);
    assert_eq!(computed.results(), None);
    computed.assert_job_intact("a byte an attempt");
}

#[test]
fn an_upload_that_advances_one_byte_per_attempt_fails() {
    let kept = AtomicU64::new(0);
    let fixture = Fixture::new(Behavior::with_reactions(move |line| match line {
        _ if line.starts_with("SIZE") && line.contains("dataset.hes.") => {
            send_reply(&format!("213 {}", kept.fetch_add(1, Ordering::SeqCst)))
        }
        _ if line.starts_with("DONE STOR") => Reaction::Close,
        _ => Reaction::Correct,
    }));
    assert_refused("a byte an attempt", &fixture.init("a byte an attempt"), &[6]);
}

/// `--timeout` bounds the download, in one attempt or over many, and before its first byte.
#[test]
fn the_timeout_bounds_the_download() {
    let computed = FetchableJob::new();
    let correct = fs::read(computed.totals()).unwrap();
    let drip = Reaction::DripData(correct.clone());
    let behaviors = [
        ("a byte now and then", Behavior::at("RETR", drip)),
        ("a byte an attempt", Behavior::with_reactions(one_byte_per_attempt)),
        ("nothing", Behavior::at("DATA RETR", Reaction::Silence)),
    ];
    for (case, behavior) in behaviors {
        computed.reset();
        computed.fixture.server.set_behavior(behavior);
        let start = Instant::now();
        let output = run_monitored(case, &mut result_within(&computed, "2"));
        let elapsed = start.elapsed();
        assert!(elapsed > Duration::from_millis(1900) && elapsed < Duration::from_secs(6), "{case}: {elapsed:?}");
        assert_refused(case, &output, &[12]);
        output.says(&[&format!(" of {} bytes", correct.len()), "nothing was decrypted", "--timeout"]);
        assert_eq!(computed.results(), None, "{case}");
        computed.assert_job_intact(case);
    }
}

/// A server that does not reply in time is not taken for one that is still computing.
#[test]
fn the_timeout_bounds_each_command() {
    let computed = FetchableJob::new();
    for (command, reaction) in
        [("GREETING", Reaction::Silence), ("PASS", Reaction::Silence), ("SIZE", Reaction::Silence)]
    {
        computed.reset();
        computed.fixture.server.set_behavior(Behavior::at(command, reaction));
        let output = run_monitored(command, &mut result_within(&computed, "1"));
        assert_refused(command, &output, &[12]);
        output.says(&["timed out", "--timeout"]);
        computed.assert_job_intact(command);
    }
}
