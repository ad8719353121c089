//! `hestat serve` on a house's server directory, while a test goes on.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{House, path};

/// A server that listens; killed when dropped.
pub(crate) struct Served {
    child: Child,
    announced: Value,
    state: PathBuf,
    log: PathBuf,
}

impl Served {
    /// On any free port of the loopback interface, with these options besides.
    pub(crate) fn start(house: &House, options: &[&str]) -> Self {
        Self::listen(house, "127.0.0.1:0", options)
    }

    /// At `address`.
    pub(crate) fn listen(house: &House, address: &str, options: &[&str]) -> Self {
        let (state, log) = (house.file("server-state"), house.file("serve.log"));
        let mut command = house.command(["serve", "--json", "--data", path(&house.server()), "--listen", address]);
        command.args(["--server-state", path(&state)]).args(options);
        command.stderr(File::options().create(true).append(true).open(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let announced = serde_json::from_str(&line);
        let announced = announced.unwrap_or_else(|_| panic!("no server: {line}{}", fs::read_to_string(&log).unwrap()));
        Self { child, announced, state, log }
    }

    fn text(&self, name: &str) -> String {
        self.announced[name].as_str().unwrap_or_default().into()
    }

    pub(crate) fn url(&self) -> String {
        self.text("url")
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> String {
        self.text("address")
    }

    pub(crate) fn fingerprint(&self) -> String {
        self.text("fingerprint")
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.state.join("certificate.pem")
    }

    pub(crate) fn password_file(&self) -> PathBuf {
        self.state.join("password")
    }

    pub(crate) fn password(&self) -> String {
        fs::read_to_string(self.password_file()).unwrap().trim().into()
    }

    /// Waits for it to end by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Asks it to stop; how it ended, and how long that took.
    pub(crate) fn stop(mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        (self.child.wait().unwrap(), begun.elapsed())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
