//! `hestat sample`: writes a synthetic table.

use std::io::{self, Write};
use std::path::PathBuf;

use super::console::Console;
use super::output::is_standard_output;
use crate::foundation::atomic::{Access, AtomicFile};
use crate::foundation::observer::Cancel;
use crate::pipeline::PipelineError;
use crate::table::sample::write_sample;

/// Write a synthetic table like that of the Framingham heart study
///
/// Sixteen columns with plausible values, correlations and gaps, without real health records. The same seed gives the
/// same table on every machine. A shorter table is a prefix of a longer one.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat sample --rows 100000 --seed 7 --output big.csv")]
pub(super) struct Args {
    /// Number of rows
    #[arg(long, env = "HESTAT_ROWS", default_value_t = 4240)]
    rows: u64,
    /// Seed of the random values
    #[arg(long, env = "HESTAT_SEED", default_value_t = 1)]
    seed: u64,
    /// File for the table; - is standard output [default: standard output]
    #[arg(long, short, env = "HESTAT_SAMPLE_OUTPUT", value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        console.handle_signals();
        let outcome = self.write(console);
        // If the command was cancelled, that is the cause of any error.
        console.check_cancelled().map_err(PipelineError::from)?;
        outcome
    }

    fn write(&self, console: &Console) -> anyhow::Result<u8> {
        match self.output.as_ref().filter(|path| !is_standard_output(path)) {
            None => write_sample(self.rows, self.seed, &mut Cancellable { output: io::stdout().lock(), console })?,
            Some(path) => {
                let failed = |source| PipelineError::File { path: path.display().to_string(), source };
                let mut output =
                    Cancellable { output: AtomicFile::create(path, Access::Shared).map_err(failed)?, console };
                write_sample(self.rows, self.seed, &mut output)
                    .and_then(|()| output.output.commit())
                    .map_err(failed)?;
            }
        }
        Ok(0)
    }
}

/// A writer that fails once the command is cancelled.
struct Cancellable<'c, W> {
    output: W,
    console: &'c Console,
}

impl<W: Write> Write for Cancellable<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.console.check_cancelled().map_err(io::Error::other)?;
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
