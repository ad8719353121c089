//! `hestat run`: all steps in one process.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;

use super::connect_options::{ConnectOptions, parse_location};
use super::console::Console;
use super::exit::describe_notice;
use super::options::{StateOptions, TableOptions, forbid_overlap};
use super::output::Output;
use super::result::deliver;
use crate::foundation::clock::SystemClock;
use crate::pipeline::run::{RunRequest, run};
use crate::transfer::{Connector, Location};

/// Encrypt, compute and decrypt in one process, as a demonstration
///
/// Runs the code of the separate commands. By default it starts a temporary FTPS server on a free port of this machine,
/// and keeps keys and ciphertext in a temporary directory that is removed at the end.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat run --check data.csv")]
pub(super) struct Args {
    #[command(flatten)]
    table: TableOptions,
    /// File for the statistics; - is standard output, which then gets nothing else
    #[arg(long, short, env = "HESTAT_OUTPUT", value_name = "FILE", default_value = "decrypted_results.csv")]
    output: PathBuf,
    /// Also compute the statistics of the clear data, and compare
    #[arg(long, env = "HESTAT_RUN_CHECK", value_parser = BoolishValueParser::new())]
    check: bool,
    /// Server to use instead of a temporary one; it must compute on upload: ftps://USER@HOST:PORT or file:///DIR
    #[arg(long, env = "HESTAT_RUN_SERVER", value_name = "URL", value_parser = parse_location)]
    server: Option<Location>,
    #[command(flatten)]
    state: StateOptions,
    #[command(flatten)]
    connection: ConnectOptions,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        forbid_overlap(Some(self.table.path()?), &self.output)?;
        let output = Output::prepare(&self.output, console)?;
        let request = RunRequest {
            source: self.table.source(&std::env::temp_dir())?,
            dialect: self.table.dialect()?,
            selection: self.table.selection(),
            describe: describe_notice,
            statistics: self.table.statistics(),
            check: self.check,
            server: self.server(console)?,
        };
        console.handle_signals();
        let (decrypted, comparison) = run(request, &SystemClock, console.observer())?;
        deliver(&decrypted, || Ok(comparison), &output, console)
    }

    fn server(&self, console: &Console) -> anyhow::Result<Option<(Location, Connector)>> {
        let Some(server) = self.server.clone() else { return Ok(None) };
        Ok(Some((server, self.connection.connector(&self.state.store()?, console)?)))
    }
}
