//! `hestat init`: encrypts a CSV file and uploads it.

use super::connect_options::{ConnectOptions, parse_location};
use super::console::Console;
use super::exit::{Usage, describe_notice};
use super::options::{StateOptions, TableOptions};
use super::secrets::PassphraseOptions;
use crate::foundation::clock::SystemClock;
use crate::foundation::text::sanitize;
use crate::keystore::{JobRecord, KeyStore};
use crate::pipeline::PipelineError;
use crate::pipeline::init::{InitRequest, init, resume};
use crate::report;
use crate::transfer::Location;

/// Encrypt the columns of a CSV file and upload them
///
/// Reads the file twice in constant memory, encrypts it under a new key for this job, and uploads the ciphertext. The
/// key stays on this machine; without it, the result cannot be decrypted.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat init data.csv --server ftps://hestat@host:2121")]
pub(super) struct Args {
    #[command(flatten)]
    table: TableOptions,
    /// Server that computes the result: ftps://USER@HOST:PORT or file:///DIR
    #[arg(
        long,
        env = "HESTAT_SERVER",
        value_name = "URL",
        value_parser = parse_location,
        required_unless_present = "resume"
    )]
    server: Option<Location>,
    #[command(flatten)]
    state: StateOptions,
    #[command(flatten)]
    passphrase: PassphraseOptions,
    /// Resume the interrupted upload of this job, instead of encrypting a file
    #[arg(long, env = "HESTAT_RESUME", value_name = "JOB")]
    resume: Option<String>,
    #[command(flatten)]
    connection: ConnectOptions,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        let store = self.state.store()?;
        let (record, table) = if let Some(job) = &self.resume {
            let job = store.find(Some(job)).map_err(PipelineError::from)?;
            console.handle_signals();
            (resume(&store, job, &self.connection.connector(&store, console)?, console.observer())?, None)
        } else {
            let request = self.request(&store, console)?;
            let initiated =
                init(&request, &store, &self.connection.connector(&store, console)?, &SystemClock, console.observer())?;
            (initiated.record, Some((initiated.skipped, initiated.notices)))
        };
        if console.json() {
            let mut json = serde_json::to_value(&record)?;
            if let Some((skipped, notices)) = table {
                json["left_out"] = report::json::left_out(&skipped);
                json["notices"] = notices.into();
            }
            console.print_json(&json)?;
        } else {
            console.print(&render(&record, &store))?;
        }
        Ok(0)
    }

    fn request(&self, store: &KeyStore, console: &Console) -> anyhow::Result<InitRequest> {
        // clap requires it without --resume.
        let no_server = || Usage("--server URL is required".into());
        let server = self.server.clone().ok_or_else(no_server)?;
        let spool = store.directory().map_err(PipelineError::from)?;
        let source = self.table.source(spool)?;
        console.handle_signals();
        Ok(InitRequest {
            source,
            dialect: self.table.dialect()?,
            selection: self.table.selection(),
            describe: describe_notice,
            statistics: self.table.statistics(),
            server,
            passphrase: self.passphrase.to_protect(console)?,
        })
    }
}

fn render(record: &JobRecord, store: &KeyStore) -> String {
    let JobRecord { job, rows, columns, slots, dataset_bytes, server, .. } = record;
    let key = store.root().join("jobs").join(job.to_string());
    let next = if server.starts_with("file://") {
        format!("hestat compute --data DIR (on the server), then: hestat result {job}")
    } else {
        format!("hestat result --wait {job} (hestat serve computes automatically; other servers need hestat compute)")
    };
    let text = format!(
        "job {job}\n\
         {rows} rows, {columns} columns in {slots} slots: {dataset_bytes} bytes of ciphertext are at {server}\n\
         the key is in {} and nowhere else\n\
         next: {next}",
        key.display()
    );
    sanitize(&text)
}
