//! `hestat fog run`

use std::path::PathBuf;

use super::super::console::Console;
use super::message::{MessageOptions, show};
use crate::crypto::{RsaBits, RsaPrivateKey};
use crate::foundation::clock::SystemClock;
use crate::foundation::temp_dir::PrivateTempDir;
use crate::pipeline::PipelineError;
use crate::scenarios::fog::{RunRequest, run};

/// How the names of temporary directories begin.
const PREFIX: &str = "hestat-fog-";

/// Client and nodes in one process, to see it work
///
/// The same code as the separate commands, over TLS on a free port of this machine; keys are as old as the process, and
/// without --out, no file outlives it (those of one that is killed are removed by the next one).
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat fog run --message 'the quick brown fox' --nodes 3")]
pub(super) struct Args {
    #[command(flatten)]
    message: MessageOptions,
    /// How many nodes, and so parts, there are
    #[arg(long, env = "HESTAT_FOG_NODES", value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1000))]
    nodes: u32,
    /// Bits of the RSA key
    #[arg(long, env = "HESTAT_FOG_BITS", value_name = "BITS", default_value = "3072")]
    bits: RsaBits,
    /// Directory for the folders of client and nodes [default: a temporary one]
    #[arg(long, env = "HESTAT_FOG_OUT", value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        PrivateTempDir::remove_stale(PREFIX);
        // Until there are message and key, a signal ends the process at once; so far there is nothing to remove.
        let source = self.message.source(self.out.as_deref(), console)?;
        let key = RsaPrivateKey::generate(self.bits)?;
        console.handle_signals();
        let place = std::env::temp_dir().display().to_string();
        let scratch = PrivateTempDir::new(PREFIX).map_err(|source| PipelineError::File { path: place, source })?;
        let out = self.out.clone().unwrap_or_else(|| scratch.path().into());
        let request = RunRequest { source, nodes: self.nodes, chunk: self.message.chunk, key, out };
        let returned = run(request, &SystemClock, console)?;
        show(&returned, self.out.is_some(), console)
    }
}
