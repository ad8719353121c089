//! `hestat jobs`: lists the jobs in the state directory, each with the command that continues it.

use std::time::Duration;

use indicatif::{HumanBytes, HumanDuration};
use serde_json::{Value, json};

use super::console::Console;
use super::exit;
use super::options::StateOptions;
use crate::foundation::clock::{Clock, SystemClock};
use crate::foundation::text::{sanitize, with_causes};
use crate::keystore::{JobRecord, Listed, Phase};
use crate::package::JobId;
use crate::pipeline::PipelineError;
use crate::report::table;

const HEADER: [&str; 8] = ["job", "created", "rows", "columns", "size", "server", "phase", "next"];

/// List the jobs in the state directory, with the next step for each
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat jobs --json")]
pub(super) struct Args {
    #[command(flatten)]
    state: StateOptions,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        let listed = self.state.store()?.list().map_err(PipelineError::from)?;
        if console.json() {
            console.print_json(&listed.iter().map(as_json).collect())?;
        } else if listed.is_empty() {
            console.print("no jobs")?;
        } else {
            console.print(&render(listed))?;
        }
        Ok(0)
    }
}

/// Renders a table of all jobs, and below it why records cannot be read.
fn render(listed: Vec<Listed>) -> String {
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    for (job, record) in listed {
        match record {
            Ok(record) => rows.push(row(job, &record)),
            Err(error) => {
                rows.push(unreadable_row(job));
                errors.push(unreadable(job, &error.into()));
            }
        }
    }
    let table = table::plain(&HEADER, rows, HEADER.len());
    [vec![table], errors].concat().join("\n\n")
}

fn row(job: JobId, record: &JobRecord) -> Vec<String> {
    // If the clock was set back, the job seems to be new.
    let age = Duration::from_millis(SystemClock.now().saturating_sub(record.created));
    vec![
        job.to_string(),
        format!("{} ago", HumanDuration(age)),
        record.rows.to_string(),
        record.columns.to_string(),
        HumanBytes(record.dataset_bytes).to_string(),
        record.server.clone(),
        phase(record).into(),
        next_command(job, record),
    ]
}

fn phase(record: &JobRecord) -> &'static str {
    match record.phase {
        Phase::Spooled => "not uploaded",
        Phase::Uploaded => "on the server",
        Phase::Decrypted => "decrypted",
    }
}

fn next_command(job: JobId, record: &JobRecord) -> String {
    match record.phase {
        Phase::Spooled => format!("hestat init --resume {job}"),
        Phase::Uploaded => format!("hestat result {job}"),
        Phase::Decrypted => format!("hestat forget {job}"),
    }
}

fn unreadable_row(job: JobId) -> Vec<String> {
    let [created, rows, columns, size, server] = ["-"; 5].map(String::from);
    vec![job.to_string(), created, rows, columns, size, server, "unreadable".into(), "see below".into()]
}

/// Describes why a job's record cannot be read, and the next step. The key may be intact: only some of these jobs
/// should be forgotten.
fn unreadable(job: JobId, error: &anyhow::Error) -> String {
    let next_step = exit::next_step(error).map(|step| format!("\n{step}")).unwrap_or_default();
    sanitize(&format!("job {job}: {error:#}{next_step}"))
}

fn as_json((job, record): &Listed) -> Value {
    match record {
        Ok(record) => json!(record),
        Err(error) => json!({ "job": job, "error": with_causes(error) }),
    }
}
