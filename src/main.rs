//! The door: see [`hestat::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    hestat::cli::main()
}
