//! Every statistic compared with an oracle written in Python: sums as text, doubles bit by bit.

mod tables;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sandbox::{Sandbox, path};

/// A table of results: rows of cells.
type Results = Vec<Vec<String>>;

/// The oracle's results for these files, from one call.
fn oracle_results(files: &[PathBuf], options: &[&str]) -> Vec<Results> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/oracle.py");
    let output =
        Command::new("python3").arg(script).args(options).args(files).output().expect("these tests need python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let tables: Vec<Results> = text.split_terminator("\n\n").map(parse).collect();
    assert_eq!(tables.len(), files.len());
    tables
}

/// The results of `hestat run`, which does all steps from encryption to decryption.
fn hestat_results(sandbox: &Sandbox, file: &Path, options: &[&str]) -> Results {
    let arguments = ["run", "--quiet", "--check", "--output", "out.csv", "--input", path(file)];
    sandbox.succeed(arguments.iter().chain(options));
    parse(&sandbox.read("out.csv"))
}

fn parse(text: &str) -> Results {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The bits of a double, since several texts stand for the same double; other cells unchanged.
fn canonical(column: usize, cell: &str) -> String {
    match cell.parse::<f64>() {
        Ok(double) if column >= 4 => format!("{:016x}", double.to_bits()),
        _ => cell.to_owned(),
    }
}

/// hestat must give the oracle's results for all files.
fn assert_equal_results(sandbox: &Sandbox, files: &[PathBuf]) {
    assert_equal_results_with(sandbox, files, &[]);
}

/// The same with options that both accept.
fn assert_equal_results_with(sandbox: &Sandbox, files: &[PathBuf], options: &[&str]) {
    for (file, expected) in files.iter().zip(oracle_results(files, options)) {
        let got = hestat_results(sandbox, file, options);
        assert_eq!(got.len(), expected.len(), "rows of {}", file.display());
        for (got, expected) in got.iter().zip(&expected) {
            let bits = |row: &[String]| row.iter().enumerate().map(|(i, cell)| canonical(i, cell)).collect::<Vec<_>>();
            assert_eq!(bits(got), bits(expected), "got {got:?}, expected {expected:?} for\n{}", beginning(file));
        }
    }
}

/// The start of a file, for the message of a failed assertion.
fn beginning(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap().chars().take(2000).collect()
}

#[test]
fn samples_of_many_sizes() {
    let sandbox = Sandbox::new();
    let sizes = [(1, 1), (1, 2), (2, 2), (3, 100), (4, 255), (5, 256), (6, 1000), (7, 4240), (8, 20_000)];
    let files = sizes.map(|(seed, rows)| {
        let file = sandbox.file(&format!("{rows}-{seed}.csv"));
        sandbox.succeed(["sample", "--rows", &rows.to_string(), "--seed", &seed.to_string(), "--output", path(&file)]);
        file
    });
    assert_equal_results(&sandbox, &files);
}

#[test]
fn random_tables() {
    let sandbox = Sandbox::new();
    let tables = tables::random(60);
    let files: Vec<_> = tables.iter().enumerate().map(|(i, text)| sandbox.write(&format!("{i}.csv"), text)).collect();
    assert_equal_results(&sandbox, &files);
}

#[test]
fn random_tables_in_european_format() {
    let sandbox = Sandbox::new();
    let write = |(i, text): (usize, &String)| sandbox.write(&format!("{i}.csv"), tables::in_european_format(text));
    let files: Vec<_> = tables::random(30).iter().enumerate().map(write).collect();
    let options = ["--delimiter=;", "--decimal-comma", "--thousands=.", "--missing=NA,-99,nan,null", "--comment=#"];
    assert_equal_results_with(&sandbox, &files, &options);
}

#[test]
fn extreme_numbers() {
    let sandbox = Sandbox::new();
    let files: Vec<_> = tables::EXTREMES
        .iter()
        .enumerate()
        .map(|(i, column)| sandbox.write(&format!("{i}.csv"), format!("x\n{}\n", column.replace(' ', "\n"))))
        .collect();
    assert_equal_results(&sandbox, &files);
}

#[test]
fn more_rows_than_one_segment_holds() {
    let sandbox = Sandbox::new();
    assert_equal_results(&sandbox, &[sandbox.write("long.csv", tables::longer_than_a_segment())]);
}

#[test]
#[ignore = "needs the Framingham table, whose path is in HESTAT_FRAMINGHAM"]
fn the_framingham_table() {
    let file =
        std::env::var_os("HESTAT_FRAMINGHAM").expect("HESTAT_FRAMINGHAM must be the path of the Framingham table");
    assert_equal_results(&Sandbox::new(), &[file.into()]);
}
