//! `hestat inspect`: describes a `.hes` file.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::console::Console;
use crate::pipeline::inspect::{Inspection, inspect};

/// Describe a .hes file, without a key
///
/// Shows what the server can see, and verifies the file's digest.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat inspect /srv/hestat/inbox/JOB/dataset.hes")]
pub(super) struct Args {
    /// File to inspect
    #[arg(env = "HESTAT_FILE")]
    file: PathBuf,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        let facts = facts(&inspect(&self.file)?);
        if console.json() {
            console.print_json(&facts.into_iter().map(|(name, value)| (name.replace(' ', "_"), value)).collect())?;
        } else {
            let line = |(name, value): (&str, Value)| match value {
                Value::String(text) => format!("{name:<15} {text}\n"),
                other => format!("{name:<15} {other}\n"),
            };
            console.print(&facts.into_iter().map(line).collect::<String>())?;
        }
        Ok(0)
    }
}

fn facts(inspection: &Inspection) -> Vec<(&'static str, Value)> {
    let mut facts = vec![("kind", json!(inspection.kind.to_string())), ("bytes", json!(inspection.bytes))];
    if let Some(job) = inspection.job {
        facts.push(("job", json!(job)));
    }
    if let Some(layout) = &inspection.layout {
        facts.push(("rows", json!(layout.rows())));
        facts.push(("slots per row", json!(layout.slots())));
        facts.push(("lane widths", json!(layout.widths())));
        facts.push(("segments", json!(layout.segments())));
        facts.push(("blocks", json!(layout.block_count())));
    }
    if let Some(dataset) = inspection.dataset {
        facts.push(("dataset digest", json!(dataset.to_string())));
    }
    facts.push(("digest", json!(inspection.digest.to_string())));
    facts
}
