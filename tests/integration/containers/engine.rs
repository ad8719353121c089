//! The container engine's command line.

use std::process::{Command, Stdio};

use crate::sandbox::CommandOutput;

/// A command of the engine.
pub(super) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new("docker");
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a command of the engine to its end.
pub(super) fn run(arguments: &[&str]) -> CommandOutput {
    command(arguments).output().unwrap().into()
}

/// Runs a command of the engine, which must succeed; what it says, without the line end.
#[track_caller]
pub(super) fn ask(arguments: &[&str]) -> String {
    run(arguments).expect_code(0).stdout.trim_end().into()
}

/// What the engine knows of a container, by a template of its own.
#[track_caller]
pub(super) fn inspect(container: &str, template: &str) -> String {
    ask(&["inspect", "--format", template, container])
}
