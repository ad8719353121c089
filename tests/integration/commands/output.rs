//! Where results go: tried before the work, whole or not there, safe to open.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use super::{FIGURES, TABLE};
use crate::house::{House, entries, path, wait_until};

/// A table whose columns do no good where somebody opens them, and what is written of each.
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
fn a_place_that_cannot_be_is_found_before_the_work() {
    let house = House::new();
    house.write("bad.csv", "a\n1\nx\n");
    house.write("kept.csv", "kept\n");
    fs::create_dir(house.file("folder")).unwrap();
    let long = "x".repeat(300);
    for place in ["nowhere/out.csv", "folder", ".", "out.csv/", "kept.csv/out.csv", &long, "/dev/full", "/proc/out.csv"]
    {
        let ended = house.run(["run", "--input", "bad.csv", "--output", place]).expect_code(8).says(&[place]);
        assert!(!ended.stderr.contains("line 3"), "{}", ended.stderr);
        // The table is not even read.
        let mut run = house.command(["run", "--input", "-", "--output", place]).stdin(Stdio::piped()).spawn().unwrap();
        wait_until("the end of the command", || run.try_wait().unwrap().is_some());
        assert_eq!(run.wait().unwrap().code(), Some(8));
    }
    house.run(["run", "--input", "bad.csv", "--output", "kept.csv"]).expect_code(3);
    assert_eq!(house.read("kept.csv"), "kept\n");
    assert_eq!((entries(&house.work()).len(), entries(&house.temporary()).len()), (3, 0));
}

#[test]
fn a_dash_is_standard_output_and_gets_nothing_else() {
    let house = House::new();
    let csv = house.write("data.csv", TABLE);
    for place in ["-", "/dev/stdout", "/dev/fd/1"] {
        let ended = house.succeed(["run", "--check", "--input", path(&csv), "--output", place]);
        assert_eq!(ended.stdout, FIGURES);
        assert!(ended.stderr.contains("All 12 statistics of 2 columns equal"), "{}", ended.stderr);
        assert_eq!(house.succeed(["run", "--quiet", "--input", path(&csv), "--output", place]).stderr, "");
    }
    house.init(&csv);
    house.compute().expect_code(0);
    assert_eq!(house.succeed(["result", "-o", "-"]).stdout, FIGURES);
    house.write("other.csv", TABLE.replace('9', "8"));
    let differing = house.run(["result", "-o", "-", "--check", "other.csv"]).expect_code(1).says(&["DIFFER"]);
    assert_eq!(differing.stdout, FIGURES);
    for command in [&["result"][..], &["run", "--input", "data.csv"]] {
        house.run([command, &["--json", "--output", "-"]].concat()).expect_code(2).says(&["--json", "--output -"]);
    }
    let sample = house.succeed(["sample", "--rows", "3"]).stdout;
    assert_eq!(house.succeed(["sample", "--rows", "3", "--output", "-"]).stdout, sample);
    assert_eq!(entries(&house.work()), ["data.csv", "other.csv"]);
}

#[test]
fn a_name_for_an_open_file_is_not_replaced() {
    let house = House::new();
    let csv = house.write("data.csv", TABLE);
    // As /dev/stderr is one; that of this machine is not put at risk.
    let link = house.file("link");
    std::os::unix::fs::symlink("/proc/self/fd/2", &link).unwrap();
    let file = fs::File::create(house.file("errors")).unwrap();
    let mut run = house.command(["run", "--quiet", "--input", path(&csv), "--output", "link"]);
    assert_eq!(run.stderr(file).status().unwrap().code(), Some(8));
    assert!(link.is_symlink());
}

#[test]
fn nobody_who_reads_is_no_failure() {
    let house = House::new();
    let csv = house.write("data.csv", TABLE);
    let mut run = house.start(["run", "--quiet", "--input", path(&csv), "--output", "-"]);
    drop(run.stdout());
    assert_eq!(run.end().expect_code(0).stderr, "");
    let mut full = house.command(["run", "--quiet", "--input", path(&csv), "--output", "-"]);
    full.stdout(fs::File::options().write(true).open("/dev/full").unwrap());
    let said = String::from_utf8(full.output().unwrap().stderr).unwrap();
    assert!(said.contains("cannot write to standard output") && !said.contains("panicked"), "{said}");
}

/// The place was there when the work began.
#[test]
fn statistics_that_cannot_be_written_are_shown() {
    let house = House::new();
    fs::create_dir(house.file("folder")).unwrap();
    let mut run =
        house.command(["run", "--input", "-", "--output", "folder/out.csv"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = run.stdin.take().unwrap();
    // More than a pipe holds: when it is gone, the command reads.
    input.write_all(TABLE.as_bytes()).unwrap();
    input.write_all("5,6\n".repeat(50_000).as_bytes()).unwrap();
    fs::remove_dir(house.file("folder")).unwrap();
    drop(input);
    let output = run.wait_with_output().unwrap();
    let (said, shown) = (String::from_utf8(output.stderr).unwrap(), String::from_utf8(output.stdout).unwrap());
    assert_eq!(output.status.code(), Some(8), "{said}");
    assert!(shown.contains("height") && shown.contains("50002") && said.contains("folder/out.csv"), "{shown}{said}");
    assert!(!said.contains("statistics written"), "{said}");
}

#[test]
fn names_do_no_harm_where_they_are_opened() {
    let house = House::new();
    let names: Vec<String> = HARMFUL.iter().map(|(name, ..)| format!("\"{name}\"")).collect();
    let csv = house.write("data.csv", format!("{}\n{}\n", names.join(","), vec!["-5"; HARMFUL.len()].join(",")));
    let options = ["run", "--input", path(&csv), "--delimiter", ",", "--statistics", "count,sum"];
    let shown = house.succeed(options);
    let written = house.read("decrypted_results.csv");
    let json = house.succeed(options.iter().chain(&["--json"]));
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

/// The names and sums in a file of results, none of whose cells holds a quotation mark.
fn csv_lines(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim_matches('"')).collect();
        assert_eq!(cells.len(), 3, "{line}");
        (cells[0].into(), cells[2].into())
    })
}
