//! A user whom modes bind, unlike the administrator who may be running these tests.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::Pid;

use super::{SOMEBODY, is_root, set_mode};
use crate::sandbox::{CommandOutput, Process, Sandbox, everything, path, wait_until};

/// The user, with a sandbox of his own.
const NOBODY: u32 = 65_534;

struct Bound {
    sandbox: Sandbox,
    program: PathBuf,
}

impl Bound {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.write("data.csv", "a\n1\n2\n");
        let program = sandbox.file("hestat");
        // Not by this process: a program that is open for writing here, or in a fork of ours, cannot be run.
        assert!(Command::new("cp").arg(env!("CARGO_BIN_EXE_hestat")).arg(&program).status().unwrap().success());
        if is_root() {
            let root = sandbox.work().parent().unwrap().to_owned();
            for place in everything(&root).into_iter().chain([root]) {
                chown(place, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        Self { sandbox, program }
    }

    fn bind(mut command: Command) -> Command {
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// The program, run by the user.
    fn command(&self, arguments: &[&str]) -> Command {
        let known = self.sandbox.command(arguments);
        let mut command = Self::bind(Command::new(&self.program));
        command.args(known.get_args()).current_dir(self.sandbox.work());
        command.env_clear().envs(known.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> CommandOutput {
        self.command(arguments).output().unwrap().into()
    }
}

#[test]
fn files_of_root_are_trusted_and_those_of_others_are_not() {
    if !is_root() {
        return;
    }
    let bound = Bound::new();
    let state = bound.sandbox.file("state");
    fs::create_dir(&state).unwrap();
    chown(&state, Some(NOBODY), Some(NOBODY)).unwrap();
    let prepare = || bound.run(&["serve", "--prepare", "--data", "data", "--server-state", "state"]);
    prepare().expect_code(0);
    let password = state.join("password");
    set_mode(&password, 0o644);
    for (owner, code) in [(0, 0), (NOBODY, 0), (SOMEBODY, 23)] {
        chown(&password, Some(owner), None).unwrap();
        prepare().expect_code(code);
    }
    // Nobody but root can take it back.
    prepare().says(&["(as root): chown 65534"]);
}

#[test]
fn streams_are_read_and_written_by_their_names() {
    let bound = Bound::new();
    let shell = |script: &str| -> CommandOutput {
        let known = bound.command(&[]);
        let mut command = Bound::bind(Command::new("sh"));
        command.args(["-ec", script, path(&bound.program)]).current_dir(bound.sandbox.work());
        command.env_clear().envs(known.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command.output().unwrap().into()
    };
    let figures = "column,count,missing,sum,mean,variance,std\na,2,0,3,1.5,0.5,0.7071067811865476\n";
    for script in [
        "cat data.csv | \"$0\" run --quiet --input /dev/stdin --output -",
        "\"$0\" run --quiet --input /dev/fd/3 --output /dev/stdout 3< data.csv",
        "cat data.csv | \"$0\" run --quiet --input /proc/self/fd/0 --output /dev/stdout > all && cat all",
    ] {
        assert_eq!(shell(script).expect_code(0).stdout, figures, "{script}");
    }
    shell("echo a | \"$0\" serve --prepare --data data --server-state state --password-file /dev/stdin").expect_code(0);
    shell("echo a > w; \"$0\" serve --prepare --data data --server-state state --password-file /dev/fd/3 3< w")
        .expect_code(0);
    let url = bound.sandbox.url();
    for (name, script) in [
        ("a pipe", "echo correct horse | \"$0\" init --input data.csv --passphrase-file /dev/stdin --server"),
        (
            "a file",
            "echo correct horse > word; \"$0\" init --input data.csv --passphrase-file /dev/fd/3 3< word --server",
        ),
    ] {
        shell(&format!("{script} {url}")).expect_code(0);
        shell(&format!("\"$0\" compute --data {url}").replace("file://", "")).expect_code(0);
        shell("echo correct horse > word; \"$0\" result --passphrase-file /dev/fd/4 4< word").expect_code(0);
        assert_eq!(bound.sandbox.read("decrypted_results.csv"), figures, "{name}");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_found_before_the_work() {
    let bound = Bound::new();
    bound.sandbox.write("bad.csv", "a\n1\nx\n");
    let (folder, foreign) = (bound.sandbox.file("folder"), bound.sandbox.file("sticky"));
    for place in [&folder, &foreign] {
        fs::create_dir(place).unwrap();
    }
    set_mode(&folder, 0o555);
    if is_root() {
        set_mode(&foreign, 0o1777);
        fs::write(foreign.join("taken"), "somebody's").unwrap();
        bound.run(&["run", "--input", "bad.csv", "--output", "sticky/taken"]).expect_code(8).says(&["another user"]);
        bound.run(&["run", "--input", "bad.csv", "--output", "sticky/free"]).expect_code(3);
    }
    bound.run(&["run", "--input", "bad.csv", "--output", "folder/out.csv"]).expect_code(8).says(&["folder/out.csv"]);
}

/// A server that waits, run by the user.
fn waiting(bound: &Bound) -> (Process, Pid) {
    let log = File::create(bound.sandbox.file("log")).unwrap();
    let mut command = bound.command(&["compute", "--data", path(&bound.sandbox.server()), "--watch"]);
    let child = command.stderr(log).spawn().unwrap();
    let process = Pid::from_child(&child);
    (Process::new(child), process)
}

#[test]
fn a_process_leaves_no_core_and_shows_its_memory_to_nobody() {
    let bound = Bound::new();
    let (_running, process) = waiting(&bound);
    let place = |name: &str| format!("/proc/{}/{name}", process.as_raw_nonzero());
    wait_until("the limit", || {
        let limits = fs::read_to_string(place("limits")).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().to_owned();
        core.split_whitespace().skip(4).take(2).all(|limit| limit == "0")
    });
    wait_until("no memory to be seen", || {
        let mut look = Bound::bind(Command::new("cat"));
        !look.arg(place("environ")).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
    });
}
