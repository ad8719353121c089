//! Running commands and their output.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, prlimit, setrlimit};

use super::entries;

/// How long tests wait for something that should happen soon.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// A command that runs in the background; killed on drop.
pub(crate) struct Process(Child);

/// The exit code and output of a command that has ended.
#[derive(Debug)]
pub(crate) struct CommandOutput {
    /// `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl CommandOutput {
    /// Fails unless this is the exit code.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Fails unless standard error contains all these texts.
    #[track_caller]
    pub(crate) fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stderr.contains(text), "no {text:?} in: {}", self.stderr);
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
        let text = |bytes| String::from_utf8(bytes).expect("the output is not UTF-8");
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

    /// Whether it has this file or directory open, according to `/proc`.
    pub(crate) fn has_open(&self, path: &Path) -> bool {
        let descriptors = Path::new("/proc").join(self.0.id().to_string()).join("fd");
        entries(&descriptors).iter().any(|number| {
            fs::read_link(descriptors.join(number))
                .is_ok_and(|target| path.canonicalize().is_ok_and(|path| target == path))
        })
    }

    /// Its peak resident memory in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.peak_memory_so_far().unwrap()
    }

    /// The same, or `None` if it has ended.
    pub(crate) fn peak_memory_so_far(&self) -> Option<u64> {
        self.measure("VmHWM:")
    }

    /// Its number of threads.
    pub(crate) fn threads(&self) -> u64 {
        self.measure("Threads:").unwrap()
    }

    /// Its processor time, in user space and in the kernel.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
        // Linux reports hundredths of a second here on all common architectures.
        Duration::from_millis(10 * ticks)
    }

    /// A number in `/proc/<id>/status`.
    fn measure(&self, field: &str) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        Some(line.trim().trim_end_matches(" kB").parse().unwrap())
    }

    /// Limits the number of files that it may have open.
    pub(crate) fn limit_files(&self, maximum: u64) {
        let limit = Rlimit { current: Some(maximum), maximum: Some(maximum) };
        prlimit(Some(Pid::from_child(&self.0)), Resource::Nofile, limit).unwrap();
    }

    /// The reading end of its standard output.
    pub(crate) fn stdout(&mut self) -> ChildStdout {
        self.0.stdout.take().unwrap()
    }

    /// Waits for the first line of its standard output. Returns it and the reading end of the rest.
    #[track_caller]
    pub(crate) fn first_line(&mut self) -> (String, BufReader<ChildStdout>) {
        let mut stdout = BufReader::new(self.stdout());
        let (sender, receiver) = channel();
        thread::spawn(move || {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            // Fails if the line comes too late.
            let _ = sender.send((line, stdout));
        });
        receiver.recv_timeout(TIME_LIMIT).expect("no line within a minute")
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Waits until it has ended. Its output must fit into the pipes.
    pub(crate) fn end(self) -> CommandOutput {
        self.end_within(TIME_LIMIT)
    }

    /// The same with another time limit than a minute.
    pub(crate) fn end_within(mut self, limit: Duration) -> CommandOutput {
        wait_until_within(limit, "the end of a command", || self.has_ended());
        let code = self.0.wait().unwrap().code();
        let mut output = CommandOutput { code, stdout: String::new(), stderr: String::new() };
        if let Some(mut pipe) = self.0.stdout.take() {
            pipe.read_to_string(&mut output.stdout).unwrap();
        }
        if let Some(mut pipe) = self.0.stderr.take() {
            pipe.read_to_string(&mut output.stderr).unwrap();
        }
        output
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

/// Removes the configuration of the user who runs the tests from a command's environment.
pub(crate) fn remove_configuration(command: &mut Command) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HESTAT_")) {
        command.env_remove(name);
    }
}

/// The same command, with pipes, run by the wrapper `words`, such as `sh -c SCRIPT sh`.
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

/// Raises this process's limit of open files to the maximum, and returns it.
pub(crate) fn raise_open_file_limit() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    limit.current.map_or(usize::MAX, |maximum| usize::try_from(maximum).unwrap())
}

/// Waits until `reached` returns true; fails after a minute.
pub(crate) fn wait_until(what: &str, reached: impl FnMut() -> bool) {
    wait_until_within(TIME_LIMIT, what, reached);
}

fn wait_until_within(limit: Duration, what: &str, mut reached: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    while !reached() {
        assert!(Instant::now() < end, "timed out waiting for {what}");
        thread::sleep(Duration::from_millis(1));
    }
}
