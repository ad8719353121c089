//! Standard input, output and error, and named pipes.

use std::fs;
use std::io::{BufRead, BufReader};

use rustix::fs::{CWD, FileType, Mode};

use super::{RESULTS, TABLE, sample};
use crate::sandbox::{Sandbox, entries, path};

#[test]
fn a_table_from_standard_input() {
    let sandbox = Sandbox::new();
    sandbox.feed(["init", "--input", "-", "--server", &sandbox.url()], TABLE.as_bytes()).expect_code(0);
    assert_eq!(entries(&sandbox.state()), ["jobs"], "a copy of the table is left in the state");
    sandbox.compute().expect_code(0);
    let checked = sandbox.feed(["result", "--check", "-"], TABLE.as_bytes()).expect_code(0);
    assert!(!checked.stderr.contains("not the CSV file"), "{}", checked.stderr);
    assert_eq!(sandbox.read("decrypted_results.csv"), RESULTS);
    sandbox.feed(["init", "--input", "-", "--server", &sandbox.url()], b"").expect_code(3).says(&["the file is empty"]);
}

#[test]
fn a_table_from_a_named_pipe() {
    let sandbox = Sandbox::new();
    let pipe = sandbox.file("pipe");
    rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let init = sandbox.start(["init", "--input", path(&pipe), "--server", &sandbox.url()]);
    // Opening the pipe waits for the reader.
    fs::write(&pipe, TABLE).unwrap();
    init.end().expect_code(0);
    sandbox.compute().expect_code(0);
    sandbox.succeed(["result"]);
    assert_eq!(sandbox.read("decrypted_results.csv"), RESULTS);
}

#[test]
fn a_difference_sets_the_exit_code_even_if_stdout_is_closed() {
    let sandbox = Sandbox::new();
    sandbox.init(&sandbox.write("data.csv", TABLE));
    sandbox.compute().expect_code(0);
    let other = sandbox.write("other.csv", format!("{TABLE}{}\n", TABLE.lines().last().unwrap()));
    let mut result = sandbox.start(["result", "--check", path(&other)]);
    drop(result.stdout());
    result.end().expect_code(1);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let sandbox = Sandbox::new();
    let mut child = sandbox.start(["sample", "--rows", "1000000"]);
    let mut first = String::new();
    BufReader::new(child.stdout()).read_line(&mut first).unwrap();
    assert!(first.starts_with("male,age,"), "{first}");
    assert_eq!(child.end().expect_code(0).stderr, "");
    for arguments in [&["man"][..], &["completions", "bash"], &["--help"]] {
        let mut child = sandbox.start(arguments);
        drop(child.stdout());
        assert_eq!(child.end().expect_code(0).stderr, "", "{arguments:?}");
    }
}

#[test]
fn no_progress_without_a_terminal() {
    let sandbox = Sandbox::new();
    let csv = sample(&sandbox, 50_000);
    let loud = sandbox.succeed(["run", "--input", path(&csv), "--check"]).stderr;
    let drawn = loud.chars().find(|c| c.is_control() && *c != '\n' || ('\u{2580}'..='\u{259f}').contains(c));
    assert!(drawn.is_none() && !loud.contains("rows/s"), "{loud}");
    assert!(loud.lines().all(|line| line.starts_with("note: ")) && !loud.is_empty(), "{loud}");
    for quiet in ["-q", "--quiet"] {
        assert_eq!(sandbox.succeed(["run", quiet, "--input", path(&csv), "--check"]).stderr, "");
    }
    sandbox.write("bad.csv", "a\n1\nx\n");
    sandbox.run(["run", "--quiet", "--input", "bad.csv"]).expect_code(3).says(&["error: line 3"]);
}
