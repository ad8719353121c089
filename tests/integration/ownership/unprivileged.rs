//! Commands of an unprivileged user, whom file permissions restrict even if the tests run as root.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::process::{Command, Stdio};

use rustix::process::Pid;

use super::{OTHER_USER, can_chown, set_mode};
use crate::sandbox::{CommandOutput, Process, Sandbox, UNPRIVILEGED_USER, UnprivilegedSandbox, path, wait_until};

/// A sandbox of the unprivileged user, with a table.
fn unprivileged() -> UnprivilegedSandbox {
    let sandbox = Sandbox::new();
    sandbox.write("data.csv", "a\n1\n2\n");
    UnprivilegedSandbox::new(sandbox)
}

#[test]
fn files_of_root_are_trusted_and_those_of_others_are_not() {
    if !can_chown() {
        return;
    }
    let user = unprivileged();
    let state = user.sandbox.file("state");
    fs::create_dir(&state).unwrap();
    chown(&state, Some(UNPRIVILEGED_USER), Some(UNPRIVILEGED_USER)).unwrap();
    let prepare = || user.run(&["serve", "--prepare", "--data", "data", "--server-state", "state"]);
    prepare().expect_code(0);
    let password = state.join("password");
    set_mode(&password, 0o644);
    for (owner, code) in [(0, 0), (UNPRIVILEGED_USER, 0), (OTHER_USER, 23)] {
        chown(&password, Some(owner), None).unwrap();
        prepare().expect_code(code);
    }
    // Only root can change the owner back.
    prepare().says(&["(as root): chown 65534"]);
}

#[test]
fn paths_of_streams_can_be_read_and_written() {
    let user = unprivileged();
    let shell = |script: &str| -> CommandOutput {
        let template = user.command(&[]);
        let mut command = UnprivilegedSandbox::as_user(Command::new("sh"));
        command.args(["-ec", script, path(&user.program)]).current_dir(user.sandbox.work());
        command.env_clear().envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command.output().unwrap().into()
    };
    let statistics = "column,count,missing,sum,mean,variance,std\na,2,0,3,1.5,0.5,0.7071067811865476\n";
    for script in [
        "cat data.csv | \"$0\" run --quiet --input /dev/stdin --output -",
        "\"$0\" run --quiet --input /dev/fd/3 --output /dev/stdout 3< data.csv",
        "cat data.csv | \"$0\" run --quiet --input /proc/self/fd/0 --output /dev/stdout > all && cat all",
    ] {
        assert_eq!(shell(script).expect_code(0).stdout, statistics, "{script}");
    }
    shell("echo a | \"$0\" serve --prepare --data data --server-state state --password-file /dev/stdin").expect_code(0);
    shell("echo a > w; \"$0\" serve --prepare --data data --server-state state --password-file /dev/fd/3 3< w")
        .expect_code(0);
    let url = user.sandbox.url();
    for (name, script) in [
        ("a pipe", "echo correct horse | \"$0\" init --input data.csv --passphrase-file /dev/stdin --server"),
        (
            "a file",
            "echo correct horse > passphrase; \"$0\" init --input data.csv --passphrase-file /dev/fd/3 3< passphrase --server",
        ),
    ] {
        shell(&format!("{script} {url}")).expect_code(0);
        shell(&format!("\"$0\" compute --data {url}").replace("file://", "")).expect_code(0);
        shell("echo correct horse > passphrase; \"$0\" result --passphrase-file /dev/fd/4 4< passphrase")
            .expect_code(0);
        assert_eq!(user.sandbox.read("decrypted_results.csv"), statistics, "{name}");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_reported_before_the_work() {
    let user = unprivileged();
    user.sandbox.write("bad.csv", "a\n1\nx\n");
    let (read_only, sticky) = (user.sandbox.file("read-only"), user.sandbox.file("sticky"));
    for directory in [&read_only, &sticky] {
        fs::create_dir(directory).unwrap();
    }
    set_mode(&read_only, 0o555);
    if can_chown() {
        set_mode(&sticky, 0o1777);
        fs::write(sticky.join("taken"), "a file of root").unwrap();
        user.run(&["run", "--input", "bad.csv", "--output", "sticky/taken"]).expect_code(8).says(&["another user"]);
        user.run(&["run", "--input", "bad.csv", "--output", "sticky/free"]).expect_code(3);
    }
    user.run(&["run", "--input", "bad.csv", "--output", "read-only/out.csv"])
        .expect_code(8)
        .says(&["read-only/out.csv"]);
}

/// Starts `hestat compute --watch` as the user. Returns also its process ID.
fn start_watching(user: &UnprivilegedSandbox) -> (Process, Pid) {
    let log = File::create(user.sandbox.file("log")).unwrap();
    let mut command = user.command(&["compute", "--data", path(&user.sandbox.server()), "--watch"]);
    let child = command.stderr(log).spawn().unwrap();
    let process = Pid::from_child(&child);
    (Process::new(child), process)
}

#[test]
fn a_process_writes_no_core_dump_and_other_processes_cannot_read_its_memory() {
    let user = unprivileged();
    let (_running, process) = start_watching(&user);
    let proc_file = |name: &str| format!("/proc/{}/{name}", process.as_raw_nonzero());
    wait_until("the limit of core dumps", || {
        let limits = fs::read_to_string(proc_file("limits")).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().to_owned();
        core.split_whitespace().skip(4).take(2).all(|limit| limit == "0")
    });
    wait_until("the protection of its memory", || {
        let mut read = UnprivilegedSandbox::as_user(Command::new("cat"));
        !read.arg(proc_file("environ")).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
    });
}
