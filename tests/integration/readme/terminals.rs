//! The terminals of a document: they run its commands and compare the output.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use super::{CONTINUED, Step, matches};
use crate::sandbox::{HESTAT, Process, remove_configuration};

/// Maximum time until the next line of output.
const LINE_TIMEOUT: Duration = Duration::from_mins(2);

/// The output of commands that a document shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Standard output.
    Results,
    /// Standard output and standard error, as a terminal does.
    Everything,
}

/// Terminals in one directory, each identified by its prompt.
pub(super) struct Terminals {
    directory: tempfile::TempDir,
    shown: Shown,
    /// The `export` commands of each terminal, which apply to all of its later commands.
    exports: HashMap<&'static str, String>,
    /// The command that is running in each terminal.
    running: HashMap<&'static str, RunningCommand>,
}

/// A command that was started.
struct RunningCommand {
    command: String,
    process: Process,
    lines: Receiver<String>,
    errors: File,
}

impl Terminals {
    pub(super) fn new(shown: Shown) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory, shown, exports: HashMap::new(), running: HashMap::new() }
    }

    /// Runs the command of a step and compares its output. Waits for its end, unless it runs `in_background` while
    /// other terminals are used.
    pub(super) fn run(&mut self, step: &Step, in_background: bool) {
        if step.command.starts_with("export ") {
            self.exports.entry(step.prompt).or_default().extend([&step.command, "; "]);
            return;
        }
        let mut running = match self.running.remove(step.prompt) {
            Some(running) if step.command == CONTINUED => running,
            _ => self.start(step, in_background),
        };
        running.expect_lines(&step.expected);
        if in_background {
            self.running.insert(step.prompt, running);
        } else {
            running.end();
        }
    }

    fn start(&self, step: &Step, in_background: bool) -> RunningCommand {
        let binaries = Path::new(HESTAT).parent().unwrap();
        let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
        let redirection = if self.shown == Shown::Everything { "exec 2>&1; " } else { "" };
        let exports = self.exports.get(step.prompt).map_or("", String::as_str);
        // Background commands are killed when the test ends, so the command must be the process that was started.
        let exec = if in_background { "exec " } else { "" };
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{redirection}{exports}{exec}{}", step.command)]).current_dir(self.directory.path());
        remove_configuration(&mut shell);
        shell.env("PATH", path).env("HESTAT_STATE", self.directory.path().join("state"));
        RunningCommand::start(shell, &step.command)
    }
}

impl RunningCommand {
    fn start(mut shell: Command, command: &str) -> Self {
        let errors = tempfile::tempfile().unwrap();
        shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors.try_clone().unwrap());
        let mut process = Process::new(shell.spawn().unwrap());
        let (sender, lines) = channel();
        let stdout = BufReader::new(process.stdout());
        // Sending fails when the test has failed and dropped the receiver.
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { command: command.into(), process, lines, errors }
    }

    /// Fails unless the next lines match these patterns.
    fn expect_lines(&mut self, expected: &[String]) {
        for pattern in expected {
            let Some(line) = self.line() else {
                let errors = self.errors();
                panic!("{}\nno line: {pattern}\n{errors}", self.command);
            };
            assert!(matches(pattern, &line), "{}\nexpected: {pattern}\n   found: {line}", self.command);
        }
    }

    /// Fails if there are more lines or the command fails.
    fn end(mut self) {
        let line = self.line();
        assert_eq!(line, None, "{}\nprints more than expected", self.command);
        let errors = self.errors();
        assert_eq!(self.process.end().code, Some(0), "{}\n{errors}", self.command);
    }

    fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(LINE_TIMEOUT) {
            Err(RecvTimeoutError::Timeout) => panic!("{}\ntimed out waiting for a line or the end", self.command),
            line => line.ok(),
        }
    }

    fn errors(&mut self) -> String {
        let mut errors = Vec::new();
        self.errors.rewind().and_then(|()| self.errors.read_to_end(&mut errors)).unwrap();
        String::from_utf8_lossy(&errors).into_owned()
    }
}
