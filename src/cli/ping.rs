//! `hestat ping`

use serde_json::json;

use super::connect_options::ReachOptions;
use super::console::Console;
use super::options::StateOptions;
use crate::foundation::clock::SystemClock;
use crate::pipeline::ping::{Finding, ping};
use crate::transfer::Location;

/// Find out whether a server can be used
///
/// One line for each: reachable, TLS, certificate, login, writable, free space, server, clock. Ends with 0 if jobs can be
/// sent there, so that it serves as a health check.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat ping --server ftps://hestat@host:2121")]
pub(super) struct Args {
    /// Which server: ftps://USER@HOST:PORT or file:///DIR
    #[arg(long, env = "HESTAT_SERVER", value_name = "URL")]
    server: Location,
    #[command(flatten)]
    state: StateOptions,
    #[command(flatten)]
    reach: ReachOptions,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        let connector = self.reach.connector(&self.state.store()?, console)?;
        console.hear_signals();
        let mut findings = Vec::new();
        let outcome = ping(&self.server, &connector, &SystemClock, console, |finding| {
            if console.json() {
                findings.push(as_json(finding));
            } else {
                // Who does not want to read it is told by the exit code.
                drop(console.print(&line(finding)));
            }
        });
        if console.json() {
            console.print_json(&findings.into())?;
        }
        outcome?;
        Ok(0)
    }
}

fn line(Finding { name, outcome }: &Finding) -> String {
    format!("{name:<12} {}", outcome.as_deref().unwrap_or("FAILED"))
}

fn as_json(Finding { name, outcome }: &Finding) -> serde_json::Value {
    match outcome {
        Ok(text) => json!({ "what": name, "ok": true, "found": text }),
        Err(error) => json!({ "what": name, "ok": false, "found": chain(error) }),
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|source| format!(": {}", chain(source))).unwrap_or_default();
    format!("{error}{cause}")
}
