//! `hestat fog run`: client and nodes in one process.

use std::path::PathBuf;

use super::super::console::Console;
use super::message::{MessageOptions, show};
use crate::crypto::{RsaBits, RsaPrivateKey};
use crate::foundation::clock::SystemClock;
use crate::foundation::temp_dir::PrivateTempDir;
use crate::pipeline::PipelineError;
use crate::scenarios::fog::{InProcessRequest, run_in_process};

/// The prefix of temporary directories.
const PREFIX: &str = "hestat-fog-";

/// Run a client and its nodes in one process, as a demonstration
///
/// Runs the code of the separate commands, over TLS on a free port of this machine. All keys are created for this run.
/// Without --out no files remain; those of a run that was killed are removed by the next one.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat fog run --message 'the quick brown fox' --nodes 3")]
pub(super) struct Args {
    /// Number of nodes, and of parts
    #[arg(
        long,
        env = "HESTAT_FOG_NODES",
        value_name = "N",
        default_value_t = 2,
        value_parser = clap::value_parser!(u32).range(1..=1000)
    )]
    nodes: u32,
    /// Size of the RSA key in bits
    #[arg(long, env = "HESTAT_FOG_BITS", value_name = "BITS", default_value = "3072")]
    bits: RsaBits,
    /// Output directory; the client writes to client, node i to node-i [default: a temporary directory]
    #[arg(long, env = "HESTAT_FOG_OUT", value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    message: MessageOptions,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        PrivateTempDir::remove_stale(PREFIX);
        // A signal before `handle_signals` ends the process at once; there is nothing to clean up yet.
        let source = self.message.source(self.out.as_deref(), console)?;
        let key = RsaPrivateKey::generate(self.bits)?;
        console.handle_signals();
        let path = std::env::temp_dir().display().to_string();
        let temporary = PrivateTempDir::new(PREFIX).map_err(|source| PipelineError::File { path, source })?;
        let out = self.out.clone().unwrap_or_else(|| temporary.path().into());
        let request = InProcessRequest { source, nodes: self.nodes, chunk: self.message.chunk, key, out };
        let report = run_in_process(request, &SystemClock, console.observer())?;
        show(&report, self.out.is_some(), console)
    }
}
