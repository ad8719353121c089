//! CSV files as they occur in practice: each gives the right figures, or an error with a position and a remedy.

mod detection;
mod errors;
mod number_formats;
mod remedies;
mod row_widths;
mod valid;

use crate::sandbox::{Sandbox, path};

/// The header of every result.
const HEAD: &str = "column,count,missing,sum,mean,variance,std\n";

/// The statistics of columns `a` (1, 3) and `b` (2, 4), by hand: means 2 and 3, variance 2 = ((−1)² + 1²)/1.
const TWO_COLUMNS: &str = "a,2,0,4,2,2,1.4142135623730951\nb,2,0,6,3,2,1.4142135623730951\n";

/// Encrypts, computes, decrypts and compares. The statistics must be `expected`.
#[track_caller]
fn gives(csv: impl AsRef<[u8]>, options: &[&str], expected: &str) {
    let sandbox = Sandbox::new();
    let input = sandbox.write("data.csv", &csv);
    let arguments = ["run", "--check", "--output", "out.csv", "--input", path(&input)];
    let ended = sandbox.run(arguments.iter().chain(options));
    let shown = String::from_utf8_lossy(csv.as_ref()).chars().take(200).collect::<String>();
    assert_eq!(ended.code, Some(0), "{shown:?} {options:?}: {}", ended.stderr);
    assert_eq!(sandbox.read("out.csv"), format!("{HEAD}{expected}"), "{shown:?} {options:?}");
}

/// Options for the statistics in [`SHORT_HEAD`].
const SHORT: [&str; 2] = ["--statistics", "count,missing,mean"];

/// The header of a result with three statistics.
const SHORT_HEAD: &str = "column,count,missing,mean\n";

/// Encrypts, computes, decrypts and compares. Count, missing and mean must be `expected`. Returns the notices.
#[track_caller]
fn means(csv: impl AsRef<[u8]>, options: &[&str], expected: &str) -> String {
    let sandbox = Sandbox::new();
    let input = sandbox.write("data.csv", &csv);
    let arguments = ["run", "--check", "--output", "out.csv", "--input", path(&input)];
    let ended = sandbox.run(arguments.iter().chain(&SHORT).chain(options));
    let shown = String::from_utf8_lossy(csv.as_ref()).chars().take(200).collect::<String>();
    assert_eq!(ended.code, Some(0), "{shown:?} {options:?}: {}", ended.stderr);
    assert_eq!(sandbox.read("out.csv"), format!("{SHORT_HEAD}{expected}"), "{shown:?} {options:?}");
    ended.stderr
}

/// Must be rejected with the exit code for tables and all these words, and leave nothing here or on the server.
#[track_caller]
fn rejected(csv: impl AsRef<[u8]>, options: &[&str], words: &[&str]) {
    let sandbox = Sandbox::new();
    let input = sandbox.write("data.csv", &csv);
    let url = sandbox.url();
    let arguments = ["init", "--input", path(&input), "--server", &url];
    let ended = sandbox.run(arguments.iter().chain(options)).expect_code(3).says(words);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    assert_eq!((ended.stdout.as_str(), sandbox.jobs(), sandbox.inbox()), ("", vec![], vec![]), "something is left");
}
