//! Commands: while they run, and how they ended.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, prlimit, setrlimit};

use super::entries;

/// A command that goes on while the test does.
pub(crate) struct Process(Child);

/// How a command ended, and what it said.
#[derive(Debug)]
pub(crate) struct CommandOutput {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl CommandOutput {
    /// Itself, if it ended so.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Itself, if its standard error holds all these words.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in: {}", self.stderr);
        }
        self
    }

    /// Its standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in: {}", self.stdout))
    }
}

impl From<Output> for CommandOutput {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("hestat writes UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Process {
    pub(crate) fn new(child: Child) -> Self {
        Self(child)
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// Whether it has this file or directory open, by what Linux tells of it.
    pub(crate) fn has_open(&self, path: &Path) -> bool {
        let descriptors = Path::new("/proc").join(self.0.id().to_string()).join("fd");
        entries(&descriptors).iter().any(|number| {
            fs::read_link(descriptors.join(number))
                .is_ok_and(|target| path.canonicalize().is_ok_and(|path| target == path))
        })
    }

    /// The most memory that it has had, in kilobytes of 1024 bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.peak_memory_so_far().unwrap()
    }

    /// The same, unless it has ended meanwhile.
    pub(crate) fn peak_memory_so_far(&self) -> Option<u64> {
        self.measure("VmHWM:")
    }

    /// How many threads it has.
    pub(crate) fn threads(&self) -> u64 {
        self.measure("Threads:").unwrap()
    }

    /// The time that processors have spent on it, in the kernel too.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
        // Linux counts in hundredths of a second here, whatever it runs on.
        Duration::from_millis(10 * ticks)
    }

    /// A number that Linux tells of it.
    fn measure(&self, what: &str) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(what))?;
        Some(line.trim().trim_end_matches(" kB").parse().unwrap())
    }

    /// Bounds the files that it may have open, as systems do by default.
    pub(crate) fn limit_files(&self, most: u64) {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        prlimit(Some(Pid::from_child(&self.0)), Resource::Nofile, limit).unwrap();
    }

    /// The reading end of its standard output.
    pub(crate) fn stdout(&mut self) -> ChildStdout {
        self.0.stdout.take().unwrap()
    }

    /// Whether it is over.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Waits until it is over. What it says must fit into its pipes.
    pub(crate) fn end(mut self) -> CommandOutput {
        wait_until("the end of a command", || self.has_ended());
        let code = self.0.wait().unwrap().code();
        let mut ended = CommandOutput { code, stdout: String::new(), stderr: String::new() };
        self.0.stdout.take().map(|mut pipe| pipe.read_to_string(&mut ended.stdout).unwrap());
        self.0.stderr.take().map(|mut pipe| pipe.read_to_string(&mut ended.stderr).unwrap());
        ended
    }
}

/// A test that fails leaves no process behind.
impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }
}

/// The same command, with pipes, run by another one, which the words are.
pub(crate) fn wrapped(words: &[&str], command: &Command) -> Command {
    let (program, arguments) = words.split_first().unwrap();
    let mut wrapper = Command::new(program);
    wrapper.args(arguments).arg(command.get_program()).args(command.get_args());
    wrapper.current_dir(command.get_current_dir().unwrap());
    wrapper.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapper.env(name, value),
            None => wrapper.env_remove(name),
        };
    }
    wrapper
}

/// Lets this process have as many files open as the system allows; how many that is.
pub(crate) fn open_files() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    limit.current.map_or(usize::MAX, |most| usize::try_from(most).unwrap())
}

/// Asks again and again until it is so; fails when that takes very long.
pub(crate) fn wait_until(what: &str, mut reached: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !reached() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
