//! Runs the binary: what each command prints, its exit code, and the files it leaves.

mod environment;
mod exits;
mod happy_path;
mod help;
mod jobs;
mod leftovers;
mod output;
mod passphrase;
mod reference;
mod secrecy;
mod spooled;
mod streams;
mod waiting;

use crate::sandbox::Sandbox;

/// A small table with a gap, and its statistics, computed by hand.
const TABLE: &str = "height,weight\n1,2\n3,4\n,9\n";
const RESULTS: &str = "column,count,missing,sum,mean,variance,std\n\
    height,2,1,4,2,2,1.4142135623730951\n\
    weight,3,0,15,5,13,3.605551275463989\n";

/// A table with one value, and its statistics.
fn single(value: u32) -> (String, String) {
    (format!("v\n{value}\n"), format!("column,count,missing,sum,mean,variance,std\nv,1,0,{value},{value},,\n"))
}

/// Writes a sample with this many rows.
fn sample(sandbox: &Sandbox, rows: u64) -> std::path::PathBuf {
    sandbox.succeed(["sample", "--rows", &rows.to_string(), "--output", "sample.csv"]);
    sandbox.file("sample.csv")
}
