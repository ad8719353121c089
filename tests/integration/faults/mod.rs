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

use crate::sandbox::Sandbox;

/// Writes the table and gives its statistics as they come over a server that is a directory.
fn expected(sandbox: &Sandbox, table: &str) -> Vec<u8> {
    let job = sandbox.init(&sandbox.write("table.csv", table));
    sandbox.compute().expect_code(0);
    sandbox.succeed(["result", &job, "--output", "by-directory.csv"]);
    sandbox.succeed(["forget", &job]);
    fs::read(sandbox.file("by-directory.csv")).unwrap()
}
