//! Every command by its binary: what it prints, how it ends, what it leaves.

mod exits;
mod happy;
mod help;
mod leftovers;
mod output;
mod passphrase;
mod secrecy;
mod spooled;
mod streams;
mod waiting;

use crate::house::House;

/// A small table with a gap, and its figures by hand.
const TABLE: &str = "height,weight\n1,2\n3,4\n,9\n";
const FIGURES: &str = "column,count,missing,sum,mean,variance,std\nheight,2,1,4,2,2,1.4142135623730951\nweight,3,0,15,5,13,3.605551275463989\n";

/// A table with one value, and its results.
fn single(value: u32) -> (String, String) {
    (format!("v\n{value}\n"), format!("column,count,missing,sum,mean,variance,std\nv,1,0,{value},{value},,\n"))
}

/// A sample of so many rows.
fn sample(house: &House, rows: u64) -> std::path::PathBuf {
    house.succeed(["sample", "--rows", &rows.to_string(), "--output", "sample.csv"]);
    house.file("sample.csv")
}
