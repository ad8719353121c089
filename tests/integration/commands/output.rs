//! The output file: checked before the work, written completely or not at all, safe to open in other programs.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use super::{RESULTS, TABLE};
use crate::sandbox::{CommandOutput, Process, Sandbox, entries, path};

/// Column names that are harmful in a spreadsheet or terminal, and how they are written in CSV and JSON. In the last
/// one, the semicolon does not begin a cell, so `=1` is no formula.
const HARMFUL: [(&str, &str, &str); 8] = [
    ("=1+1", "'=1+1", "=1+1"),
    ("+SUM(A1)", "'+SUM(A1)", "+SUM(A1)"),
    ("-cmd|'/c calc'!A1", "'-cmd|'/c calc'!A1", "-cmd|'/c calc'!A1"),
    ("@x", "'@x", "@x"),
    ("a\u{202E}b", "a\\u{202e}b", "a\\u202eb"),
    ("c\u{85}\u{1b}[2J\u{7f}", "c\\u{85}\\u{1b}[2J\\u{7f}", "c\\u0085\\u001b[2J\\u007f"),
    ("d\u{2028}\u{200F}\u{2066}\u{61C}", "d\\u{2028}\\u{200f}\\u{2066}\\u{61c}", "d\\u2028\\u200f\\u2066\\u061c"),
    ("f;=1", "f;=1", "f;=1"),
];

#[test]
fn an_unusable_output_is_found_before_the_work() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.csv", "a\n1\nx\n");
    sandbox.write("kept.csv", "kept\n");
    fs::create_dir(sandbox.file("directory")).unwrap();
    let long = "x".repeat(300);
    for output in
        ["nowhere/out.csv", "directory", ".", "out.csv/", "kept.csv/out.csv", &long, "/dev/full", "/proc/out.csv"]
    {
        let ended = sandbox
            .run(["run", "--input", "bad.csv", "--output", output])
            .expect_code(8)
            .says(&[&format!("cannot use {output}: ")]);
        assert!(!ended.stderr.contains("line 3"), "{}", ended.stderr);
        // The table is not read.
        let mut run =
            sandbox.command(["run", "--input", "-", "--output", output]).stdin(Stdio::piped()).spawn().unwrap();
        let _open_input = run.stdin.take();
        Process::new(run).end().expect_code(8);
    }
    sandbox.run(["run", "--input", "bad.csv", "--output", "kept.csv"]).expect_code(3);
    assert_eq!(sandbox.read("kept.csv"), "kept\n");
    assert_eq!((entries(&sandbox.work()).len(), entries(&sandbox.temporary()).len()), (3, 0));
}

#[test]
fn standard_output_gets_only_the_results() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", TABLE);
    for output in ["-", "/dev/stdout", "/dev/fd/1"] {
        let ended = sandbox.succeed(["run", "--check", "--input", path(&csv), "--output", output]);
        assert_eq!(ended.stdout, RESULTS);
        assert!(ended.stderr.contains("All 12 statistics of 2 columns equal"), "{}", ended.stderr);
        assert_eq!(sandbox.succeed(["run", "--quiet", "--input", path(&csv), "--output", output]).stderr, "");
    }
    sandbox.init(&csv);
    sandbox.compute().expect_code(0);
    assert_eq!(sandbox.succeed(["result", "-o", "-"]).stdout, RESULTS);
    sandbox.write("other.csv", TABLE.replace('9', "8"));
    let differing = sandbox.run(["result", "-o", "-", "--check", "other.csv"]).expect_code(1).says(&["DIFFER"]);
    assert_eq!(differing.stdout, RESULTS);
    for command in [&["result"][..], &["run", "--input", "data.csv"]] {
        sandbox.run([command, &["--json", "--output", "-"]].concat()).expect_code(2).says(&["--json", "--output -"]);
    }
    let sample = sandbox.succeed(["sample", "--rows", "3"]).stdout;
    assert_eq!(sandbox.succeed(["sample", "--rows", "3", "--output", "-"]).stdout, sample);
    assert_eq!(entries(&sandbox.work()), ["data.csv", "other.csv"]);
}

#[test]
fn a_link_to_an_open_file_is_not_replaced() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", TABLE);
    // A link like /dev/stderr. The test must not touch the real one.
    let link = sandbox.file("link");
    std::os::unix::fs::symlink("/proc/self/fd/2", &link).unwrap();
    let file = fs::File::create(sandbox.file("errors")).unwrap();
    let mut run = sandbox.command(["run", "--quiet", "--input", path(&csv), "--output", "link"]);
    assert_eq!(run.stderr(file).status().unwrap().code(), Some(8));
    let errors = sandbox.read("errors");
    assert!(errors.contains("cannot use link: "), "{errors}");
    assert!(link.is_symlink());
}

#[test]
fn a_closed_output_is_no_error() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", TABLE);
    let mut run = sandbox.start(["run", "--quiet", "--input", path(&csv), "--output", "-"]);
    drop(run.stdout());
    assert_eq!(run.end().expect_code(0).stderr, "");
}

#[test]
fn a_full_standard_output_is_reported() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", TABLE);
    let mut full = sandbox.command(["run", "--quiet", "--input", path(&csv), "--output", "-"]);
    full.stdout(fs::File::options().write(true).open("/dev/full").unwrap());
    let ended = CommandOutput::from(full.output().unwrap()).expect_code(8);
    ended.says(&["error: cannot write to standard output: No space left on device"]);
}

/// The directory is removed after the command has started.
#[test]
fn statistics_that_cannot_be_written_are_shown() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.file("directory")).unwrap();
    let mut run = sandbox
        .command(["run", "--input", "-", "--output", "directory/out.csv"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = run.stdin.take().unwrap();
    let run = Process::new(run);
    // More than the capacity of a pipe: once all is written, the command is reading.
    input.write_all(TABLE.as_bytes()).unwrap();
    input.write_all("5,6\n".repeat(50_000).as_bytes()).unwrap();
    fs::remove_dir(sandbox.file("directory")).unwrap();
    drop(input);
    let ended = run.end().expect_code(8).says(&["directory/out.csv"]);
    assert!(ended.stdout.contains("height") && ended.stdout.contains("50002"), "{}", ended.stdout);
    assert!(!ended.stderr.contains("statistics written"), "{}", ended.stderr);
}

#[test]
fn column_names_are_harmless_in_other_programs() {
    let sandbox = Sandbox::new();
    let names: Vec<String> = HARMFUL.iter().map(|(name, ..)| format!("\"{name}\"")).collect();
    let csv = sandbox.write("data.csv", format!("{}\n{}\n", names.join(","), vec!["-5"; HARMFUL.len()].join(",")));
    let options = ["run", "--input", path(&csv), "--delimiter", ",", "--statistics", "count,sum"];
    let shown = sandbox.succeed(options);
    let written = sandbox.read("decrypted_results.csv");
    let json = sandbox.succeed(options.iter().chain(&["--json"]));
    for text in [&written, &shown.stdout, &shown.stderr, &json.stdout] {
        let harmful = |c: char| c.is_control() && c != '\n' || "\u{202E}\u{2028}\u{200F}\u{2066}\u{61C}".contains(c);
        assert!(!text.chars().any(harmful), "{text:?}");
    }
    let mut reader = csv_lines(&written);
    let read = json.json();
    for ((name, cell, escaped), column) in HARMFUL.into_iter().zip(read["columns"].as_array().unwrap()) {
        let line = reader.next().unwrap();
        assert_eq!(line, (cell.to_owned(), "-5".to_owned()));
        assert_eq!((column["column"].as_str(), column["sum"].as_str()), (Some(name), Some("-5")));
        assert!(json.stdout.contains(escaped), "no {escaped} in {}", json.stdout);
    }
}

/// The names and sums in a file of results without quotation marks in its cells.
fn csv_lines(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim_matches('"')).collect();
        assert_eq!(cells.len(), 3, "{line}");
        (cells[0].into(), cells[2].into())
    })
}
