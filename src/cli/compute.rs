//! `hestat compute`

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use serde_json::{Value, json};

use super::console::Console;
use crate::foundation::clock::SystemClock;
use crate::foundation::quota::Quota;
use crate::package::JobId;
use crate::pipeline::PipelineError;
use crate::pipeline::compute::{ComputeRequest, Outcome, answers, compute};
use crate::pipeline::watch::watch;
use crate::report;

/// Add up the encrypted datasets that wait on this server
///
/// Needs no key and finds none. Every dataset in DIR/inbox gets its totals in DIR/outbox; damaged ones fail alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat compute --data /srv/hestat --watch")]
pub(super) struct Args {
    /// The server's directory
    #[arg(long, env = "HESTAT_DATA", value_name = "DIR")]
    data: PathBuf,
    /// Go on: compute what arrives until stopped by a signal
    #[arg(long, env = "HESTAT_WATCH", value_parser = BoolishValueParser::new())]
    watch: bool,
    /// Leave datasets in the inbox when their totals are there
    #[arg(long, env = "HESTAT_KEEP", value_parser = BoolishValueParser::new())]
    keep: bool,
    /// Try datasets in quarantine again: those whose computation ended with its process three times
    #[arg(long, env = "HESTAT_RETRY", value_parser = BoolishValueParser::new(), conflicts_with = "watch")]
    retry: bool,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        console.hear_signals();
        let request =
            ComputeRequest { data: self.data.clone(), keep: self.keep, retry: self.retry, quota: Quota::unlimited() };
        if self.watch {
            // A line per job as it happens; who stopped reading them does not stop the work.
            watch(&request, &SystemClock, console, |job, outcome| {
                drop(console.print(&line(console, job, outcome)));
            })?;
            return Ok(0);
        }
        let outcomes = compute(&request, &SystemClock, console)?;
        if console.json() {
            console.print_json(&outcomes.iter().map(|(job, outcome)| as_json(*job, outcome)).collect())?;
        } else if outcomes.is_empty() {
            console.print(&self.nothing())?;
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

    /// What there is to say when nothing waits: somebody else may have computed it.
    fn nothing(&self) -> String {
        let (inbox, outbox) = (self.data.join("inbox"), self.data.join("outbox"));
        match answers(&self.data) {
            0 => format!("nothing waits in {}", inbox.display()),
            count => format!("nothing waits in {}; computed already: {count} in {}", inbox.display(), outbox.display()),
        }
    }
}

fn words(outcome: &Outcome) -> (&'static str, Option<&str>) {
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
    match words(outcome) {
        (what, None) => format!("job {job} {what}"),
        (what, Some(reason)) => format!("job {job} {what}: {reason}"),
    }
}

fn as_json(job: JobId, outcome: &Outcome) -> Value {
    let (what, reason) = words(outcome);
    json!({ "job": job, "outcome": what, "reason": reason })
}
