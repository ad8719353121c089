//! What lies between client and server fails, or one of them does: the statistics are exact in the end.

pub(crate) mod customer;
pub(crate) mod proxy;
pub(crate) mod weather;

mod killed;
mod link;
mod many;
mod proxied;
pub(crate) mod recorded;
mod rounds;

use std::fs;

use crate::house::House;

/// Writes the table and gives its statistics as they come over a server that is a directory.
fn expected(house: &House, table: &str) -> Vec<u8> {
    let job = house.init(&house.write("table.csv", table));
    house.compute().expect_code(0);
    house.succeed(["result", &job, "--output", "by-directory.csv"]);
    house.succeed(["forget", &job]);
    fs::read(house.file("by-directory.csv")).unwrap()
}
