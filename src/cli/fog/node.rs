//! `hestat fog node`: encrypt parts for a client.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use serde_json::json;

use super::super::console::Console;
use super::super::peers::{IdentityOptions, TrustOptions, WaitingOptions};
use crate::foundation::clock::SystemClock;
use crate::report;
use crate::scenarios::fog::{FOG, NodeOutcome, NodeRequest, node};
use crate::wire::{Dialer, PeerAddress, Timeouts};

/// The default name of a node's identity.
const ROLE: &str = "fog-node";

/// Encrypt a part of a client's message under its public key
///
/// The node tries to connect until the client is running, and reconnects if the connection breaks. It sees its own part
/// and no other. Several nodes on one machine each need their own --identity.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat fog node --connect fog.example.org:7100 --out node --stay")]
pub(super) struct Args {
    /// Address of the client
    #[arg(long, env = "HESTAT_FOG_CONNECT", value_name = "HOST:PORT")]
    connect: PeerAddress,
    /// Output directory, for the files of each step
    #[arg(long, env = "HESTAT_FOG_OUT", value_name = "DIR")]
    out: PathBuf,
    /// Keep running after the first part, and encrypt parts for this client and later ones
    #[arg(long, env = "HESTAT_FOG_STAY", value_parser = BoolishValueParser::new())]
    stay: bool,
    #[command(flatten)]
    trust: TrustOptions,
    #[command(flatten)]
    identity: IdentityOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        let dialer = Dialer {
            identity: self.identity.identity(ROLE, console)?,
            protocol: FOG,
            trust: self.trust.trust(&self.identity.state, console)?,
            timeouts: Timeouts { idle: self.waiting.idle_timeout(), ..Timeouts::default() },
        };
        let (address, out) = (self.connect.clone(), self.out.clone());
        let request = NodeRequest { address, dialer, out, stay: self.stay, timeout: self.waiting.timeout() };
        console.handle_signals();
        node(&request, &SystemClock, console.observer(), |outcome| {
            // The node continues even if standard output cannot be written to.
            let _ = console.print(&render(outcome, console.json()));
        })?;
        Ok(0)
    }
}

fn render(outcome: &NodeOutcome, as_json: bool) -> String {
    match outcome {
        NodeOutcome::Done { message, part, parts, bytes, file } if as_json => {
            let message = message.to_string();
            let file = file.display().to_string();
            report::json::line(
                &json!({ "message": message, "part": part, "parts": parts, "bytes": bytes, "file": file }),
            )
        }
        NodeOutcome::NotNeeded if as_json => report::json::line(&json!({ "part": null })),
        NodeOutcome::Done { message, part, parts, bytes, file } => {
            format!("encrypted part {part} of {parts} of message {message}: {bytes} bytes, in {}", file.display())
        }
        NodeOutcome::NotNeeded => "this node was not needed".into(),
    }
}
