//! `hestat compute`: computes the totals of the datasets on this server.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use serde_json::{Value, json};

use super::console::Console;
use crate::foundation::clock::SystemClock;
use crate::foundation::quota::Quota;
use crate::package::JobId;
use crate::pipeline::PipelineError;
use crate::pipeline::compute::{ComputeRequest, Outcome, compute, count_computed};
use crate::pipeline::watch::watch;
use crate::report;

/// Add up the encrypted datasets on this server
///
/// Needs no key. Writes the totals of every dataset in DIR/inbox to DIR/outbox. A damaged dataset does not affect the
/// others.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat compute --data /srv/hestat --watch")]
pub(super) struct Args {
    /// Data directory of the server
    #[arg(long, env = "HESTAT_DATA", value_name = "DIR")]
    data: PathBuf,
    /// Keep running, and compute the totals of datasets as they arrive
    #[arg(long, env = "HESTAT_WATCH", value_parser = BoolishValueParser::new(), conflicts_with = "retry")]
    watch: bool,
    /// Keep datasets in the inbox after their totals are computed
    #[arg(long, env = "HESTAT_KEEP", value_parser = BoolishValueParser::new())]
    keep: bool,
    /// Also retry quarantined datasets, whose computation crashed three times
    #[arg(long, env = "HESTAT_RETRY", value_parser = BoolishValueParser::new(), conflicts_with = "watch")]
    retry: bool,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        console.handle_signals();
        let request =
            ComputeRequest { data: self.data.clone(), keep: self.keep, retry: self.retry, quota: Quota::unlimited() };
        if self.watch {
            // The work continues if stdout is closed.
            watch(&request, &SystemClock, console.observer(), |job, outcome| {
                let _ = console.print(&line(console, job, outcome));
            })?;
            return Ok(0);
        }
        let outcomes = compute(&request, &SystemClock, console.observer())?;
        if console.json() {
            console.print_json(&outcomes.iter().map(|(job, outcome)| as_json(*job, outcome)).collect())?;
        } else if outcomes.is_empty() {
            console.print(&self.nothing_to_compute())?;
        } else {
            for (job, outcome) in &outcomes {
                console.print(&line(console, *job, outcome))?;
            }
        }
        let failed = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Failed { .. })).count();
        if failed > 0 {
            return Err(PipelineError::SomeFailed { failed, total: outcomes.len() }.into());
        }
        Ok(0)
    }

    /// Describes an empty inbox. Another process may have computed the datasets already.
    fn nothing_to_compute(&self) -> String {
        let (inbox, outbox) = (self.data.join("inbox"), self.data.join("outbox"));
        match count_computed(&self.data) {
            0 => format!("nothing to compute in {}", inbox.display()),
            count => {
                format!("nothing to compute in {}; already computed: {count} in {}", inbox.display(), outbox.display())
            }
        }
    }
}

fn description(outcome: &Outcome) -> (&'static str, Option<&str>) {
    match outcome {
        Outcome::Computed => ("computed", None),
        Outcome::AlreadyDone => ("already done", None),
        Outcome::Busy => ("being computed by another process", None),
        Outcome::Failed { reason, .. } => ("failed", Some(reason)),
    }
}

fn line(console: &Console, job: JobId, outcome: &Outcome) -> String {
    if console.json() {
        return report::json::line(&as_json(job, outcome));
    }
    match description(outcome) {
        (what, None) => format!("job {job} {what}"),
        (what, Some(reason)) => format!("job {job} {what}: {reason}"),
    }
}

fn as_json(job: JobId, outcome: &Outcome) -> Value {
    let (what, reason) = description(outcome);
    json!({ "job": job, "outcome": what, "reason": reason })
}
