//! `hestat completions`: completion scripts for shells.

use clap_complete::Shell;

use super::console::Console;

/// Print a shell completion script
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat completions bash > /etc/bash_completion.d/hestat")]
pub(super) struct Args {
    /// Shell to print the script for
    #[arg(env = "HESTAT_SHELL")]
    shell: Shell,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::definition(), "hestat", &mut script);
        console.print_raw(&mut script.as_slice())?;
        Ok(0)
    }
}
