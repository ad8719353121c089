//! The reader's terminals: what is typed into them, and what they show.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use super::{GOES_ON, Step, matches};
use crate::sandbox::Process;

/// How long a line is waited for.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a document shows of what commands print.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Their results.
    Results,
    /// Their notices and errors too, as a terminal does.
    Everything,
}

/// The reader's terminals, in one folder, each known by its prompt.
pub(super) struct Terminals {
    folder: tempfile::TempDir,
    shown: Shown,
    /// What was exported in each, for all commands after it.
    exports: HashMap<&'static str, String>,
    /// The command that each is busy with.
    busy: HashMap<&'static str, Typed>,
}

/// A command that was typed.
struct Typed {
    command: String,
    running: Process,
    lines: Receiver<String>,
    errors: File,
}

impl Terminals {
    pub(super) fn new(shown: Shown) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, shown, exports: HashMap::new(), busy: HashMap::new() }
    }

    /// Types what the step says, and compares what is shown. A command is waited for unless it `goes_on` while other terminals
    /// are used.
    pub(super) fn follow(&mut self, step: &Step, goes_on: bool) {
        if step.command.starts_with("export ") {
            self.exports.entry(step.prompt).or_default().extend([&step.command, "; "]);
            return;
        }
        let mut typed = match self.busy.remove(step.prompt) {
            Some(typed) if step.command == GOES_ON => typed,
            _ => self.types(step, goes_on),
        };
        typed.shows(&step.expected);
        if goes_on {
            self.busy.insert(step.prompt, typed);
        } else {
            typed.end();
        }
    }

    fn types(&self, step: &Step, goes_on: bool) -> Typed {
        let program = Path::new(env!("CARGO_BIN_EXE_hestat")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let together = if self.shown == Shown::Everything { "exec 2>&1; " } else { "" };
        let exports = self.exports.get(step.prompt).map_or("", String::as_str);
        // What goes on is killed when the test ends; so it must be the process that was started.
        let instead = if goes_on { "exec " } else { "" };
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{together}{exports}{instead}{}", step.command)]).current_dir(self.folder.path());
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HESTAT_")) {
            shell.env_remove(name);
        }
        shell.env("PATH", path).env("HESTAT_STATE", self.folder.path().join("state"));
        Typed::start(shell, &step.command)
    }
}

impl Typed {
    fn start(mut shell: Command, command: &str) -> Self {
        let errors = tempfile::tempfile().unwrap();
        shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors.try_clone().unwrap());
        let mut running = Process::new(shell.spawn().unwrap());
        let (shown, lines) = channel();
        let stdout = BufReader::new(running.stdout());
        // A test that has failed listens no more.
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| shown.send(line)));
        Self { command: command.into(), running, lines, errors }
    }

    /// The next lines are these.
    fn shows(&mut self, expected: &[String]) {
        for pattern in expected {
            let Some(line) = self.line() else {
                let errors = self.errors();
                panic!("{}\nno line: {pattern}\n{errors}", self.command);
            };
            assert!(matches(pattern, &line), "{}\nexpected: {pattern}\n   found: {line}", self.command);
        }
    }

    /// There are no more lines, and the command ends well.
    fn end(mut self) {
        let line = self.line();
        assert_eq!(line, None, "{}\nsays more than expected", self.command);
        let errors = self.errors();
        assert_eq!(self.running.end().code, Some(0), "{}\n{errors}", self.command);
    }

    fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Err(RecvTimeoutError::Timeout) => panic!("{}\nwaited in vain for a line or the end", self.command),
            line => line.ok(),
        }
    }

    fn errors(&mut self) -> String {
        let mut errors = Vec::new();
        self.errors.rewind().and_then(|()| self.errors.read_to_end(&mut errors)).unwrap();
        String::from_utf8_lossy(&errors).into_owned()
    }
}
