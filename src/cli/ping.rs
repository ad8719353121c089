//! `hestat ping`: checks whether a server can be used.

use serde_json::json;

use super::connect_options::{ConnectOptions, parse_location};
use super::console::Console;
use super::options::StateOptions;
use crate::foundation::clock::SystemClock;
use crate::foundation::text::with_causes;
use crate::pipeline::ping::{Finding, ping};
use crate::transfer::Location;

/// Check whether a server can be used
///
/// Prints one line for each check: reachable, TLS, certificate, login, writable, free space, server, clock; for
/// a directory only reachable, writable and free space. The exit code is 0 if jobs can be sent to the server, so the
/// command serves as a health check.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat ping --server ftps://hestat@host:2121")]
pub(super) struct Args {
    /// Server to check: ftps://USER@HOST:PORT or file:///DIR
    #[arg(long, env = "HESTAT_SERVER", value_name = "URL", value_parser = parse_location)]
    server: Location,
    #[command(flatten)]
    state: StateOptions,
    #[command(flatten)]
    connection: ConnectOptions,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        let connector = self.connection.connector(&self.state.store()?, console)?;
        console.handle_signals();
        let mut findings = Vec::new();
        let outcome = ping(&self.server, &connector, &SystemClock, console.observer(), |finding| {
            if console.json() {
                findings.push(as_json(finding));
            } else {
                // Standard output may be closed: the exit code gives the result.
                let _ = console.print(&line(finding));
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
        Err(error) => json!({ "what": name, "ok": false, "found": with_causes(error) }),
    }
}
