//! Programs of others.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use crate::house::Ended;

/// A program of a Debian package, which speaks English and UTF-8.
pub(super) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command
}

/// Runs a program to its end; a test without it is no test.
pub(super) fn run(command: &mut Command) -> Ended {
    let outcome = command.output();
    outcome.unwrap_or_else(|error| panic!("cannot run {}: {error}", command.get_program().display())).into()
}

/// What a program prints that must end well.
pub(super) fn output<A: AsRef<OsStr>>(name: &str, arguments: impl IntoIterator<Item = A>) -> String {
    run(program(name).args(arguments)).expect_code(0).stdout
}
