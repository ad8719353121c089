//! `hestat result`

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
use crate::foundation::observer::Observer;
use crate::keystore::KeyStoreError;
use crate::pipeline::PipelineError;
use crate::pipeline::check::check;
use crate::pipeline::result::{Decrypted, fetch};
use crate::report;
use crate::statistics::Comparison;

/// Fetch, verify and decrypt the statistics of a job
///
/// Takes the newest job unless told which. The answer is decrypted only if it is, byte for byte, the sum of what was
/// uploaded.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat result --wait --output decrypted_results.csv --check data.csv")]
pub(super) struct Args {
    /// Name of the job, or its beginning [default: the newest]
    #[arg(env = "HESTAT_JOB")]
    job: Option<String>,
    /// Where to write the statistics; - is standard output, which then gets nothing else
    #[arg(long, short, env = "HESTAT_OUTPUT", value_name = "FILE", default_value = "decrypted_results.csv")]
    output: PathBuf,
    /// Wait until the server has computed it
    #[arg(long, env = "HESTAT_WAIT", value_parser = BoolishValueParser::new())]
    wait: bool,
    /// The most seconds for all of it, the download too; 0 asks once, as without --wait [default: for ever]
    #[arg(long, env = "HESTAT_TIMEOUT", value_name = "SECONDS", requires = "wait")]
    timeout: Option<u64>,
    /// Compute the same from this clear CSV file and compare
    #[arg(long, env = "HESTAT_CHECK", value_name = "CSV")]
    check: Option<PathBuf>,
    #[command(flatten)]
    state: StateOptions,
    #[command(flatten)]
    passphrase: PassphraseOptions,
    #[command(flatten)]
    reach: ConnectOptions,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        forbid_overlap(self.check.as_deref(), &self.output)?;
        console.hear_signals();
        let store = self.state.store()?;
        let job = store.find(self.job.as_deref().filter(|name| !name.is_empty())).map_err(PipelineError::from)?;
        let protected = store.open(job).is_ok_and(|job| job.record().protected);
        if protected && !self.passphrase.is_at_hand()? {
            return Err(PipelineError::from(KeyStoreError::PassphraseNeeded(job)).into());
        }
        // Before the answer is asked for: what was shown once counts as delivered.
        let output = Output::prepare(&self.output, console)?;
        let connector = self.reach.connector(&store, console)?;
        let answer = fetch(job, self.patience(), &store, &connector, &SystemClock, console)?;
        // Secrets are loaded when the server has been waited for.
        let passphrase = self.passphrase.to_open(protected, console)?;
        let decrypted = answer.open(passphrase.as_ref())?;
        drop(passphrase);
        let compare = || {
            let Some(path) = &self.check else { return Ok(None) };
            let spool = store.directory().map_err(PipelineError::from)?;
            Ok(Some(check(&decrypted, &open_source(path, spool)?, console)?))
        };
        deliver(&decrypted, compare, &output, console)
    }

    fn patience(&self) -> Option<Duration> {
        self.wait.then(|| self.timeout.map_or(Duration::MAX, Duration::from_secs))
    }
}

/// Writes `decrypted_results.csv` and prints the statistics, compared or not; the exit code tells whether they are the same.
pub(super) fn deliver(
    decrypted: &Decrypted,
    compare: impl FnOnce() -> anyhow::Result<Option<Comparison>>,
    output: &Output,
    console: &Console,
) -> anyhow::Result<u8> {
    let csv = report::csv::render(&decrypted.summary)?;
    let written = output.write(&csv, console);
    let comparison = match compare() {
        // What went wrong first is told.
        Err(error) => return Err(written.err().unwrap_or(error)),
        Ok(comparison) => comparison,
    };
    if comparison.as_ref().is_some_and(|comparison| !comparison.same_file) {
        console.notice("this is not the CSV file that was encrypted: its bytes are different");
    }
    match &comparison {
        // Statistics that could not be written are shown all the same.
        comparison if !output.is_standard() => show(decrypted, comparison.as_ref(), console)?,
        Some(comparison) => console.notice(&report::table::verdict(comparison)),
        None => {}
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
