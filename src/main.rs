//! The hestat binary. All code is in the library: see [`hestat::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    hestat::cli::main()
}
