//! `hestat sample`

use std::io::{self, Write};
use std::path::PathBuf;

use super::console::Console;
use super::output::is_standard_output;
use crate::foundation::atomic::{Access, AtomicFile};
use crate::foundation::observer::Observer;
use crate::pipeline::PipelineError;
use crate::table::sample::write_sample;

/// Write a synthetic table shaped like the Framingham heart study's
///
/// Sixteen columns with plausible values, correlations and gaps; nobody's health records. The same seed gives the same
/// table on every machine, and a shorter table is the beginning of a longer one.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat sample --rows 100000 --seed 7 --output big.csv")]
pub(super) struct Args {
    /// Rows to write
    #[arg(long, env = "HESTAT_ROWS", default_value_t = 4240)]
    rows: u64,
    /// Which of the possible tables
    #[arg(long, env = "HESTAT_SEED", default_value_t = 1)]
    seed: u64,
    /// Where to write it; - is standard output [default: standard output]
    #[arg(long, short, env = "HESTAT_SAMPLE_OUTPUT", value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        console.hear_signals();
        let outcome = self.write(console);
        // Once asked to stop, nothing was written, and that is why.
        console.check_cancelled().map_err(PipelineError::from)?;
        outcome
    }

    fn write(&self, console: &Console) -> anyhow::Result<u8> {
        match self.output.as_ref().filter(|path| !is_standard_output(path)) {
            None => write_sample(self.rows, self.seed, &mut Stoppable { output: io::stdout().lock(), console })?,
            Some(path) => {
                let failed = |source| PipelineError::File { path: path.display().to_string(), source };
                let mut output =
                    Stoppable { output: AtomicFile::create(path, Access::Shared).map_err(failed)?, console };
                write_sample(self.rows, self.seed, &mut output)
                    .and_then(|()| output.output.commit())
                    .map_err(failed)?;
            }
        }
        Ok(0)
    }
}

/// Takes no more when the user has asked for an end.
struct Stoppable<'c, W> {
    output: W,
    console: &'c Console,
}

impl<W: Write> Write for Stoppable<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.console.check_cancelled().map_err(io::Error::other)?;
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
