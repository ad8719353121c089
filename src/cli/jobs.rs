//! `hestat jobs`

use std::time::Duration;

use indicatif::{HumanBytes, HumanDuration};
use serde_json::{Value, json};

use super::console::Console;
use super::options::StateOptions;
use crate::foundation::clock::{Clock, SystemClock};
use crate::foundation::text::with_causes;
use crate::keystore::{JobRecord, Listed, Phase};
use crate::pipeline::PipelineError;
use crate::report::table;

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
            let header = ["job", "created", "rows", "columns", "ciphertext", "server", "phase", "next"];
            console.print(&table::plain(&header, listed.iter().map(row).collect(), header.len()))?;
        }
        Ok(0)
    }
}

fn row((job, record): &Listed) -> Vec<String> {
    let record = match record {
        Ok(record) => record,
        Err(error) => {
            let [created, rows, columns, ciphertext, server] = ["-"; 5].map(String::from);
            let (phase, next) = (with_causes(error), "hestat forget".into());
            return vec![job.to_string(), created, rows, columns, ciphertext, server, phase, next];
        }
    };
    let age = Duration::from_millis(SystemClock.now().saturating_sub(record.created));
    vec![
        job.to_string(),
        format!("{} ago", HumanDuration(age)),
        record.rows.to_string(),
        record.columns.to_string(),
        HumanBytes(record.dataset_bytes).to_string(),
        record.server.clone(),
        phase(record).into(),
        next(record),
    ]
}

fn phase(record: &JobRecord) -> &'static str {
    match record.phase {
        Phase::Spooled => "upload interrupted",
        Phase::Uploaded => "on the server",
        Phase::Decrypted => "decrypted",
    }
}

fn next(record: &JobRecord) -> String {
    match record.phase {
        Phase::Spooled => "hestat init --resume".into(),
        Phase::Uploaded => "hestat result".into(),
        Phase::Decrypted => "hestat forget".into(),
    }
}

fn as_json((job, record): &Listed) -> Value {
    match record {
        Ok(record) => json!(record),
        Err(error) => json!({ "job": job, "error": with_causes(error) }),
    }
}
