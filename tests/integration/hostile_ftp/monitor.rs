//! Runs commands and checks their duration, their memory and their output.

use std::fs;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use crate::sandbox::CommandOutput;

/// The time limit for a command that waits a second for each reply and retries once.
const TIME_LIMIT: Duration = Duration::from_secs(15);

/// The memory limit, in kibibytes.
const MEMORY_LIMIT: u64 = 100 << 10;

/// Runs a command to its end. Panics if it takes too long or too much memory, or prints control characters.
#[track_caller]
pub(super) fn run_monitored(case: &str, command: &mut Command) -> CommandOutput {
    let mut child = command.spawn().unwrap();
    let end = Instant::now() + TIME_LIMIT;
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(peak_memory(&child, "hestat"));
        if Instant::now() > end {
            child.kill().unwrap();
            panic!("{case}: no end after {TIME_LIMIT:?}: {:?}", child.wait_with_output().unwrap());
        }
        thread::sleep(Duration::from_millis(2));
    }
    let output: CommandOutput = child.wait_with_output().unwrap().into();
    assert!(peak < MEMORY_LIMIT, "{case}: {peak} KiB of memory; {output:?}");
    assert!(
        is_printable(&output.stderr) && is_printable(&output.stdout),
        "{case}: raw control characters in {output:?}"
    );
    output
}

/// Returns the peak memory of `program` in kibibytes. Before exec, the child is still a copy of this process.
fn peak_memory(child: &Child, program: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    if !status.starts_with(&format!("Name:\t{program}\n")) {
        return 0;
    }
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

fn is_printable(text: &str) -> bool {
    !text.chars().any(|char| char.is_control() && char != '\n')
}

#[test]
fn peak_memory_is_measured() {
    let mut child = Command::new("sleep").arg("5").spawn().unwrap();
    crate::sandbox::wait_until("memory of a program", || peak_memory(&child, "sleep") > 100);
    child.kill().unwrap();
    child.wait().unwrap();
}
