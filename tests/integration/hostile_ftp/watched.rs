//! Commands that are watched: how long they take, how much memory, and what they write to a terminal.

use std::fs;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use crate::sandbox::CommandOutput;

/// The most time for a command that may wait a second for each answer and try twice.
const LONGEST: Duration = Duration::from_secs(15);

/// The most memory, in kibibytes.
const LARGEST: u64 = 100 << 10;

/// Runs the command to its end, which must come in time and without much memory; what it writes commands no terminal.
#[track_caller]
pub(super) fn watch(what: &str, command: &mut Command) -> CommandOutput {
    let mut child = command.spawn().unwrap();
    let end = Instant::now() + LONGEST;
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(memory(&child, "hestat"));
        if Instant::now() > end {
            child.kill().unwrap();
            panic!("{what}: no end after {LONGEST:?}: {:?}", child.wait_with_output().unwrap());
        }
        thread::sleep(Duration::from_millis(2));
    }
    let ended: CommandOutput = child.wait_with_output().unwrap().into();
    assert!(peak < LARGEST, "{what}: {peak} KiB of memory; {ended:?}");
    assert!(harmless(&ended.stderr) && harmless(&ended.stdout), "{what}: raw control characters in {ended:?}");
    ended
}

/// The most that `program` has had so far, in kibibytes; until it has begun, the child is a copy of this process.
fn memory(child: &Child, program: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    if !status.starts_with(&format!("Name:\t{program}\n")) {
        return 0;
    }
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

fn harmless(text: &str) -> bool {
    !text.chars().any(|char| char.is_control() && char != '\n')
}

#[test]
fn memory_is_seen() {
    let mut child = Command::new("sleep").arg("5").spawn().unwrap();
    crate::sandbox::wait_until("memory of a program", || memory(&child, "sleep") > 100);
    child.kill().unwrap();
    child.wait().unwrap();
}
