//! The network between client and server fails, or one of them is killed: the statistics are still exact in the end.

pub(crate) mod client;
pub(crate) mod fault_plan;
pub(crate) mod proxy;
pub(crate) mod recorded;

mod killed;
mod proxied_connection;
mod proxy_tests;
mod rounds;
mod seeded_rounds;

use std::fs;

use crate::sandbox::Sandbox;

/// Writes the table and returns its statistics, computed with a directory as the server.
fn expected(sandbox: &Sandbox, table: &str) -> Vec<u8> {
    let job = sandbox.init(&sandbox.write("table.csv", table));
    sandbox.compute().expect_code(0);
    sandbox.succeed(["result", &job, "--output", "by-directory.csv"]);
    sandbox.succeed(["forget", &job]);
    fs::read(sandbox.file("by-directory.csv")).unwrap()
}
