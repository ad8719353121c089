//! Programs that the tests run besides hestat.

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

use crate::sandbox::CommandOutput;

/// A program with messages in English and UTF-8.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command
}

/// Runs a program to its end; fails if it is not installed.
pub(crate) fn run(command: &mut Command) -> CommandOutput {
    raw_output(command).into()
}

/// Runs a program, which must succeed. Returns its standard output.
pub(crate) fn output<A: AsRef<OsStr>>(name: &str, arguments: impl IntoIterator<Item = A>) -> String {
    run(program(name).args(arguments)).expect_code(0).stdout
}

/// Runs a program, which must succeed. Returns its standard output, which need not be text.
pub(crate) fn run_bytes(command: &mut Command) -> Vec<u8> {
    let output = raw_output(command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn raw_output(command: &mut Command) -> Output {
    let outcome = command.output();
    outcome.unwrap_or_else(|error| panic!("cannot run {}: {error}", command.get_program().display()))
}
