//! A table that can be read only once is copied to disk encrypted.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::fs::{CWD, FileType, Mode};

use crate::sandbox::{CommandOutput, Process, Sandbox, entries, path, wait_until};

/// A cell that must not be on disk.
const MARKER: &str = "unmistakable_cell";
/// How many bytes are kept in memory before the rest goes to disk.
const IN_MEMORY: u64 = 64 << 20;

/// A larger table, with the marker in every row, and its number of rows.
fn large() -> (Vec<u8>, u64) {
    let row = format!("7,{}\n", MARKER.repeat(60));
    let rows = (IN_MEMORY + (9 << 20)) / row.len() as u64;
    (format!("a,remark\n{}", row.repeat(rows as usize)).into_bytes(), rows)
}

/// The unnamed files in `directory` that a process has open.
fn unnamed(process: u32, directory: &Path) -> Vec<PathBuf> {
    let descriptors = PathBuf::from(format!("/proc/{process}/fd"));
    let is_unnamed = |target: PathBuf| target.starts_with(directory) && path(&target).ends_with("(deleted)");
    let all = entries(&descriptors).into_iter().map(|number| descriptors.join(number));
    all.filter(|descriptor| fs::read_link(descriptor).is_ok_and(is_unnamed)).collect()
}

fn holds_marker(file: &Path) -> bool {
    let mut content = Vec::new();
    File::open(file).unwrap().read_to_end(&mut content).unwrap();
    content.windows(MARKER.len()).any(|window| window == MARKER.as_bytes())
}

/// Writes a large table to `input`, and checks the copy on disk before the end. Returns the number of rows.
fn feed(sandbox: &Sandbox, process: u32, mut input: impl Write) -> u64 {
    let (table, rows) = large();
    let (most, rest) = table.split_at(table.len() - 10);
    input.write_all(most).unwrap();
    let temporary = sandbox.temporary().canonicalize().unwrap();
    // All has been read but the content of the pipe and of the last chunk.
    let is_large = |file: &PathBuf| fs::metadata(file).is_ok_and(|meta| meta.size() >= 7 << 20);
    wait_until("the copy on disk", || unnamed(process, &temporary).iter().any(is_large));
    let files = unnamed(process, &temporary);
    assert!(files.iter().all(|file| !holds_marker(file)), "the table is on disk in the clear");
    assert_eq!(entries(&temporary), Vec::<String>::new());
    input.write_all(rest).unwrap();
    rows
}

#[track_caller]
fn assert_correct(ended: CommandOutput, rows: u64) {
    let ended = ended.expect_code(0);
    assert!(ended.stdout.contains("All 6 statistics of 1 column equal"), "{}", ended.stdout);
    assert!(
        ended.stdout.contains(&rows.to_string()) && ended.stdout.contains(&(7 * rows).to_string()),
        "{}",
        ended.stdout
    );
}

#[test]
fn standard_input_is_on_disk_only_as_ciphertext() {
    let sandbox = Sandbox::new();
    let mut child = sandbox.command(["run", "--check", "--input", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let input = child.stdin.take().unwrap();
    let (id, run) = (child.id(), Process::new(child));
    let rows = feed(&sandbox, id, input);
    assert_correct(run.end(), rows);
}

#[test]
fn a_named_pipe_is_on_disk_only_as_ciphertext() {
    let sandbox = Sandbox::new();
    let pipe = sandbox.file("pipe");
    rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let child = sandbox.command(["run", "--check", "--input", path(&pipe)]).spawn().unwrap();
    let input = File::options().write(true).open(&pipe).unwrap();
    let (id, run) = (child.id(), Process::new(child));
    let rows = feed(&sandbox, id, input);
    assert_correct(run.end(), rows);
}

#[test]
fn a_small_table_is_never_on_disk() {
    let sandbox = Sandbox::new();
    let mut child = sandbox.command(["run", "--check", "--input", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let (id, run) = (child.id(), Process::new(child));
    // More than the capacity of a pipe.
    input.write_all("a\n".as_bytes()).unwrap();
    input.write_all("7\n".repeat(300_000).as_bytes()).unwrap();
    assert_eq!(unnamed(id, &sandbox.temporary().canonicalize().unwrap()), Vec::<PathBuf>::new());
    drop(input);
    assert_correct(run.end(), 300_000);
}
