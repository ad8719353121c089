//! `hestat serve` as a process of its own, with an honest client, and what Linux tells of its size.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::Value;

use crate::house::{Ended, House, path, wait_until};

/// A running server and the house that it is in.
pub(super) struct Served {
    pub(super) house: House,
    pub(super) address: SocketAddr,
    pub(super) password: String,
    data: PathBuf,
    fingerprint: String,
    child: Child,
}

impl Served {
    /// A server in a house of its own.
    pub(super) fn new(options: &[&str]) -> Self {
        let house = House::new();
        let data = house.server();
        Self::start(house, data, (Ipv4Addr::LOCALHOST, 0).into(), options)
    }

    /// A server whose root is `data`.
    pub(super) fn start(house: House, data: PathBuf, listen: SocketAddr, options: &[&str]) -> Self {
        let mut child = serve(&house, &data, listen, options).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line} {}", logged(&house)));
        let word = |key: &str| told[key].as_str().unwrap().to_owned();
        let password = fs::read_to_string(word("password_file")).unwrap().trim().to_owned();
        let (address, fingerprint) = (word("address").parse().unwrap(), word("fingerprint"));
        Self { house, address, password, data, fingerprint, child }
    }

    /// Stops it as an administrator does, and starts it at the same address with other options.
    pub(super) fn restart(mut self, options: &[&str]) -> Self {
        assert_eq!(self.stop().code(), Some(0), "{}", self.log());
        let (data, address) = (self.data.clone(), self.address);
        let house = std::mem::replace(&mut self.house, House::new());
        drop(self);
        Self::start(house, data, address, options)
    }

    /// Sends SIGTERM, unless it has stopped already, and waits for the end.
    pub(super) fn stop(&mut self) -> ExitStatus {
        if let Some(status) = self.child.try_wait().unwrap() {
            return status;
        }
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        wait_until("the end of the server", || self.child.try_wait().unwrap().is_some());
        self.child.wait().unwrap()
    }

    /// An honest client's command, which knows where the server is and how to reach it.
    pub(super) fn command(&self, house: &House, arguments: &[&str]) -> Command {
        let mut command = house.command(arguments);
        command.env("HESTAT_SERVER", self.url()).env("HESTAT_SERVER_FINGERPRINT", &self.fingerprint);
        command.env("HESTAT_PASSWORD", &self.password);
        command
    }

    /// Where honest clients find it.
    pub(super) fn url(&self) -> String {
        format!("ftps://hestat@{}", self.address)
    }

    /// Runs an honest client's command.
    pub(super) fn run(&self, arguments: &[&str]) -> Ended {
        self.command(&self.house, arguments).output().unwrap().into()
    }

    /// An honest client finds everything in order.
    #[track_caller]
    pub(super) fn greets(&self) {
        self.run(&["ping"]).expect_code(0);
    }

    /// An honest client's whole job over a table of the house: sent, computed, fetched, and compared with clear data.
    #[track_caller]
    pub(super) fn does_a_job(&self, house: &House, rows: u32) {
        let table = house.file("table.csv");
        house.succeed(["sample", "--rows", &rows.to_string(), "--output", path(&table)]);
        let run = |arguments: &[&str]| Ended::from(self.command(house, arguments).output().unwrap()).expect_code(0);
        run(&["init", "--input", path(&table)]);
        run(&["result", "--wait", "--timeout", "60", "--check", path(&table)]);
    }

    /// A path below its root.
    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.data.join(name)
    }

    /// All that it said of its work.
    pub(super) fn log(&self) -> String {
        logged(&self.house)
    }

    /// The most memory that it has had, in kilobytes of 1024 bytes.
    pub(super) fn peak_memory(&self) -> u64 {
        self.measure("VmHWM:")
    }

    /// How many threads it has.
    pub(super) fn threads(&self) -> u64 {
        self.measure("Threads:")
    }

    fn measure(&self, what: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Bounds the files that it may have open, as systems do by default.
    pub(super) fn limit_files(&self, most: u64) {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        prlimit(Some(Pid::from_child(&self.child)), Resource::Nofile, limit).unwrap();
    }
}

/// No test leaves a server behind, and none made it panic.
impl Drop for Served {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
        let log = self.log();
        assert!(std::thread::panicking() || !log.contains("panicked"), "{log}");
    }
}

/// The command of a server.
pub(super) fn serve(house: &House, data: &Path, listen: SocketAddr, options: &[&str]) -> Command {
    let state = house.file("server-state");
    let mut command = house.command(["serve", "--json", "--listen", &listen.to_string(), "--data", path(data)]);
    command.args(["--server-state", path(&state)]).args(options);
    command.stderr(File::options().create(true).append(true).open(house.file("serve.log")).unwrap());
    command
}

fn logged(house: &House) -> String {
    fs::read_to_string(house.file("serve.log")).unwrap_or_default()
}
