//! Programs that run in the background of a test.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};

use crate::sandbox::wait_until;

/// A background program. Its output goes to a log file, which is printed if the test fails.
pub(super) struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts the program; its output is appended to `log`.
    pub(super) fn start(command: &mut Command, log: &Path) -> Self {
        let file = File::options().create(true).append(true).open(log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap());
        let spawned = command.stderr(file).spawn();
        let child = spawned.unwrap_or_else(|error| panic!("cannot run {}: {error}", command.get_program().display()));
        Self { child, log: log.into() }
    }

    /// Waits until the program sends an FTP greeting on this port of loopback.
    pub(super) fn wait_for_greeting(&mut self, port: u16) {
        wait_until("a greeting", || {
            assert_eq!(self.child.try_wait().unwrap(), None, "the program ended: {}", self.log());
            greets(port)
        });
    }

    /// Returns the program's output so far, or why it cannot be read.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_else(|error| format!("the log cannot be read: {error}"))
    }

    /// Sends SIGTERM and returns the exit code. Kills the child processes that remain.
    pub(super) fn stop(mut self) -> Option<i32> {
        // A program that has ended has no children.
        let children = self.children();
        rustix::process::kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        wait_until("the end of a server", || self.child.try_wait().unwrap().is_some());
        kill(children);
        self.child.wait().unwrap().code()
    }

    /// Returns the program's child processes. Some servers start one per session, and it would outlive them.
    fn children(&self) -> Vec<Pid> {
        let process = self.child.id();
        let list = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
        list.split_whitespace().filter_map(|number| Pid::from_raw(number.parse().ok()?)).collect()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let children = self.children();
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
        kill(children);
        if std::thread::panicking() {
            eprintln!("{}:\n{}", self.log.display(), self.log());
        }
    }
}

fn kill(processes: Vec<Pid>) {
    for process in processes {
        // It may have ended by itself.
        let _ = rustix::process::kill_process(process, Signal::KILL);
    }
}

fn greets(port: u16) -> bool {
    let Ok(socket) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut greeting = String::new();
    BufReader::new(socket).read_line(&mut greeting).is_ok() && greeting.starts_with("220")
}
