//! Runs the container engine's command line.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::sandbox::CommandOutput;

/// Returns a command of the engine.
pub(super) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new("docker");
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a command of the engine to its end.
pub(super) fn run(arguments: &[&str]) -> CommandOutput {
    command(arguments).output().unwrap().into()
}

/// Runs a command of the engine, which must succeed. Returns its output without the trailing line break.
#[track_caller]
pub(super) fn output(arguments: &[&str]) -> String {
    run(arguments).expect_code(0).stdout.trim_end().into()
}

/// Returns the engine's information about a container, formatted by a template.
#[track_caller]
pub(super) fn inspect(container: &str, template: &str) -> String {
    output(&["inspect", "--format", template, container])
}

/// Stops a container. Returns how long that takes, less the time of the engine's command line itself.
#[track_caller]
pub(super) fn stop(container: &str) -> Duration {
    let duration = |command: &[&str]| {
        let start = Instant::now();
        output(command);
        start.elapsed()
    };
    duration(&["stop", container]).saturating_sub(duration(&["version"]))
}
