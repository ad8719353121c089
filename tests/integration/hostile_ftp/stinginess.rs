//! Servers that give a byte now and then: neither in one attempt nor over many do they keep anybody for ever.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::assert_refused;
use super::manner::{Answer, Manner, say};
use super::stage::{Act, Stage};
use super::watched::watch;

/// One byte of the answer in each attempt, which then breaks off.
fn a_byte_an_attempt(line: &str) -> Answer {
    match line {
        _ if line.starts_with("RETR") => Answer::Data { bytes: vec![b'h'], endless: Vec::new() },
        _ if line.starts_with("DONE RETR") => Answer::Close,
        _ => Answer::Honest,
    }
}

fn result_within(act: &Act, seconds: &str) -> Command {
    let mut command = act.stage.command(&["result", &act.job, "--wait", "--timeout", seconds, "--output", "out.csv"]);
    command.env("HESTAT_SERVER_TIMEOUT", "60").env("HESTAT_RETRIES", "1000");
    command
}

#[test]
fn one_byte_in_each_attempt_earns_no_further_ones() {
    let act = Act::new();
    let ended = act.answered("a byte an attempt", Manner::tricky(a_byte_an_attempt));
    assert_refused("a byte an attempt", &ended, &[6]);
    assert_eq!(act.results(), None);
    act.assert_unspoilt("a byte an attempt");
}

#[test]
fn an_upload_of_which_the_server_keeps_a_byte_in_each_attempt_ends() {
    let kept = AtomicU64::new(0);
    let stage = Stage::new(Manner::tricky(move |line| match line {
        _ if line.starts_with("SIZE") && line.contains("dataset.hes.") => {
            say(&format!("213 {}", kept.fetch_add(1, Ordering::SeqCst)))
        }
        _ if line.starts_with("DONE STOR") => Answer::Close,
        _ => Answer::Honest,
    }));
    assert_refused("a byte an attempt", &stage.init("a byte an attempt"), &[6]);
}

/// `--timeout` is for the download too: in one attempt or over many, and before its first byte.
#[test]
fn the_time_that_was_given_bounds_the_download() {
    let act = Act::new();
    let honest = fs::read(act.file("outbox", "totals.hes")).unwrap();
    let drip = Answer::DripData(honest.clone());
    let manners = [
        ("a byte now and then", Manner::at("RETR", drip)),
        ("a byte an attempt", Manner::tricky(a_byte_an_attempt)),
        ("nothing", Manner::at("DATA RETR", Answer::Silence)),
    ];
    for (what, manner) in manners {
        act.forget_answers();
        act.stage.peer.set_manner(manner);
        let begun = Instant::now();
        let ended = watch(what, &mut result_within(&act, "2"));
        let took = begun.elapsed();
        assert!(took > Duration::from_millis(1900) && took < Duration::from_secs(6), "{what}: {took:?}");
        assert_refused(what, &ended, &[12]);
        ended.says(&[&format!(" of {} bytes", honest.len()), "nothing was decrypted", "--timeout"]);
        assert_eq!(act.results(), None, "{what}");
        act.assert_unspoilt(what);
    }
}

/// A server that says nothing at all before the time is over is not one that has yet to compute.
#[test]
fn the_time_that_was_given_bounds_each_question() {
    let act = Act::new();
    for (command, answer) in [("GREETING", Answer::Silence), ("PASS", Answer::Silence), ("SIZE", Answer::Silence)] {
        act.forget_answers();
        act.stage.peer.set_manner(Manner::at(command, answer));
        let ended = watch(command, &mut result_within(&act, "1"));
        assert_refused(command, &ended, &[12]);
        ended.says(&["timed out", "--timeout"]);
        act.assert_unspoilt(command);
    }
}
