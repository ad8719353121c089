//! `hestat run`

use std::path::PathBuf;

use clap::builder::BoolishValueParser;

use super::console::Console;
use super::options::{TableOptions, keep_apart};
use super::result::{show, write_results};
use crate::foundation::clock::SystemClock;
use crate::pipeline::run::{RunRequest, run};

/// Encrypt, compute and decrypt in one process, to see it work
///
/// The same code as the separate commands, through a temporary directory that is removed afterwards.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat run --input data.csv --output decrypted_results.csv --check")]
pub(super) struct Args {
    #[command(flatten)]
    table: TableOptions,
    /// Where to write the statistics
    #[arg(long, short, env = "HESTAT_OUTPUT", value_name = "FILE", default_value = "decrypted_results.csv")]
    output: PathBuf,
    /// Compute the same in the clear and compare
    #[arg(long, env = "HESTAT_RUN_CHECK", value_parser = BoolishValueParser::new())]
    check: bool,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        keep_apart(self.table.path(), &self.output)?;
        let request = RunRequest {
            source: self.table.source(&std::env::temp_dir())?,
            dialect: self.table.dialect(),
            selection: self.table.selection(),
            statistics: self.table.statistics(),
            check: self.check,
        };
        console.hear_signals();
        let (decrypted, comparison) = run(request, &SystemClock, console)?;
        write_results(&decrypted, &self.output)?;
        show(&decrypted, comparison.as_ref(), &self.output, console)
    }
}
