//! The client with `hestat serve`: how they authenticate each other, prompts, and whole jobs.

mod passwords;
mod serving;
mod terminal;
mod trust;

use crate::sandbox::{CommandOutput, Sandbox};

/// `hestat ping` with these options.
fn ping(sandbox: &Sandbox, url: &str, options: &[&str]) -> CommandOutput {
    sandbox.run(["ping", "--server", url].into_iter().chain(options.iter().copied()))
}
