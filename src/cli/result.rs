//! `hestat result`: fetches, verifies and decrypts the totals of a job.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;

use super::connect_options::ConnectOptions;
use super::console::Console;
use super::exit::codes::DIFFERENT;
use super::options::{StateOptions, forbid_overlap, open_source};
use super::output::Output;
use super::secrets::PassphraseOptions;
use crate::foundation::clock::SystemClock;
use crate::foundation::observer::Notices;
use crate::keystore::KeyStoreError;
use crate::pipeline::PipelineError;
use crate::pipeline::check::check;
use crate::pipeline::result::{Decrypted, fetch};
use crate::report;
use crate::statistics::Comparison;

/// Fetch, verify and decrypt the statistics of a job
///
/// Uses the newest job unless an ID is given. The totals are decrypted only if they are, byte for byte, the sum of the
/// uploaded data.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat result --wait --output decrypted_results.csv --check data.csv")]
pub(super) struct Args {
    /// ID of the job, or the beginning of the ID [default: the newest job]
    #[arg(env = "HESTAT_JOB")]
    job: Option<String>,
    /// File for the statistics; - is standard output, which then gets nothing else
    #[arg(long, short, env = "HESTAT_OUTPUT", value_name = "FILE", default_value = "decrypted_results.csv")]
    output: PathBuf,
    /// Wait until the server has computed the result
    #[arg(long, env = "HESTAT_WAIT", value_parser = BoolishValueParser::new())]
    wait: bool,
    /// Maximum time for waiting and the download; 0 asks once, as without --wait [default: unlimited]
    #[arg(long, env = "HESTAT_TIMEOUT", value_name = "SECONDS", requires = "wait")]
    timeout: Option<u64>,
    /// Also compute the statistics of this clear CSV file, and compare
    #[arg(long, env = "HESTAT_CHECK", value_name = "CSV")]
    check: Option<PathBuf>,
    #[command(flatten)]
    state: StateOptions,
    #[command(flatten)]
    passphrase: PassphraseOptions,
    #[command(flatten)]
    connection: ConnectOptions,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        forbid_overlap(self.check.as_deref(), &self.output)?;
        console.handle_signals();
        let store = self.state.store()?;
        let job = store.find(self.job.as_deref().filter(|id| !id.is_empty())).map_err(PipelineError::from)?;
        let protected = store.open(job).is_ok_and(|job| job.record().protected);
        if protected && !self.passphrase.is_available()? {
            return Err(PipelineError::from(KeyStoreError::PassphraseNeeded(job)).into());
        }
        // Checked before the download, which ends with the job marked as decrypted.
        let output = Output::prepare(&self.output, console)?;
        let connector = self.connection.connector(&store, console)?;
        let fetched = fetch(job, self.time_limit(), &store, &connector, &SystemClock, console.observer())?;
        // No secret is in memory during the wait.
        let passphrase = self.passphrase.to_open(protected, console)?;
        let decrypted = fetched.open(passphrase.as_ref())?;
        drop(passphrase);
        let compare = || {
            let Some(path) = &self.check else { return Ok(None) };
            let spool = store.directory().map_err(PipelineError::from)?;
            Ok(Some(check(&decrypted, &open_source(path, spool)?, console.observer())?))
        };
        deliver(&decrypted, compare, &output, console)
    }

    /// Returns how long to wait for the result; `None` asks once.
    fn time_limit(&self) -> Option<Duration> {
        self.wait.then(|| self.timeout.map_or(Duration::MAX, Duration::from_secs))
    }
}

/// Writes the statistics to `output` and prints them, with a comparison if there is one. Returns the exit code, which
/// says whether they are equal.
pub(super) fn deliver(
    decrypted: &Decrypted,
    compare: impl FnOnce() -> anyhow::Result<Option<Comparison>>,
    output: &Output,
    console: &Console,
) -> anyhow::Result<u8> {
    let csv = report::csv::render(&decrypted.summary)?;
    let written = output.write(&csv, console);
    let comparison = match compare() {
        // Of two errors, the first is reported.
        Err(error) => return Err(written.err().unwrap_or(error)),
        Ok(comparison) => comparison,
    };
    if comparison.as_ref().is_some_and(|comparison| !comparison.same_file) {
        console.notice("this is not the CSV file that was encrypted: the contents differ");
    }
    if !output.is_standard() {
        // Statistics are printed even if they could not be written.
        show(decrypted, comparison.as_ref(), console)?;
    } else if let Some(comparison) = &comparison {
        console.notice(&report::table::verdict(comparison));
    }
    console.notice(&format!("job {}: statistics written to {}", decrypted.record.job, written?));
    let equal = comparison.is_none_or(|comparison| comparison.differences().is_empty());
    Ok(if equal { 0 } else { DIFFERENT })
}

fn show(decrypted: &Decrypted, comparison: Option<&Comparison>, console: &Console) -> anyhow::Result<()> {
    if console.json() {
        console.print_json(&report::json::result(
            decrypted.record.job,
            decrypted.record.rows,
            &decrypted.summary,
            &decrypted.csv.skipped,
            &decrypted.csv.notices,
            comparison,
        ))?;
    } else if let Some(comparison) = comparison {
        let table = report::table::comparison(comparison);
        console.print(&format!("{table}\n\n{}", report::table::verdict(comparison)))?;
    } else {
        console.print(&report::table::summary(&decrypted.summary))?;
    }
    Ok(())
}
