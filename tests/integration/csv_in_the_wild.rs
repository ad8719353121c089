//! CSV files as they occur in practice: each gives the right statistics, or an error with a position and a next step.

mod detection;
mod errors;
mod next_steps;
mod number_formats;
mod row_widths;
mod valid;

use crate::sandbox::{CommandOutput, Sandbox, path};

/// The exit code for tables that cannot be used.
const TABLE_ERROR: i32 = 3;

/// The header of a result with all statistics.
const HEADER: &str = "column,count,missing,sum,mean,variance,std\n";

/// The statistics of columns `a` (1, 3) and `b` (2, 4), by hand: means 2 and 3, variance 2 = ((−1)² + 1²)/1.
const TWO_COLUMNS: &str = "a,2,0,4,2,2,1.4142135623730951\nb,2,0,6,3,2,1.4142135623730951\n";

/// Options for a result with three statistics.
const THREE_STATISTICS: [&str; 2] = ["--statistics", "count,missing,mean"];

/// The header of a result with three statistics.
const THREE_STATISTICS_HEADER: &str = "column,count,missing,mean\n";

/// Encrypts, computes, decrypts and compares. The statistics of the columns must be the rows `expected`.
#[track_caller]
fn assert_statistics(csv: impl AsRef<[u8]>, options: &[&str], expected: &str) {
    assert_result(csv.as_ref(), options, &format!("{HEADER}{expected}"));
}

/// The same with rows of count, missing and mean only. Returns the notices.
#[track_caller]
fn assert_means(csv: impl AsRef<[u8]>, options: &[&str], expected: &str) -> String {
    let options = [&THREE_STATISTICS, options].concat();
    assert_result(csv.as_ref(), &options, &format!("{THREE_STATISTICS_HEADER}{expected}")).stderr
}

#[track_caller]
fn assert_result(csv: &[u8], options: &[&str], expected: &str) -> CommandOutput {
    let sandbox = Sandbox::new();
    let input = sandbox.write("data.csv", csv);
    let arguments = ["run", "--check", "--output", "out.csv", "--input", path(&input)];
    let output = sandbox.run(arguments.iter().chain(options));
    let beginning = String::from_utf8_lossy(csv).chars().take(200).collect::<String>();
    assert_eq!(output.code, Some(0), "{beginning:?} {options:?}: {}", output.stderr);
    assert_eq!(sandbox.read("out.csv"), expected, "{beginning:?} {options:?}");
    output
}

/// The table must be rejected with all these words, and leave nothing on this machine or on the server.
#[track_caller]
fn assert_rejected(csv: impl AsRef<[u8]>, options: &[&str], words: &[&str]) {
    let sandbox = Sandbox::new();
    let input = sandbox.write("data.csv", &csv);
    let url = sandbox.url();
    let arguments = ["init", "--input", path(&input), "--server", &url];
    let output = sandbox.run(arguments.iter().chain(options)).expect_code(TABLE_ERROR).says(words);
    assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
    assert_eq!((output.stdout.as_str(), sandbox.jobs(), sandbox.inbox()), ("", vec![], vec![]), "something is left");
}
