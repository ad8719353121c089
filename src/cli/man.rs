//! `hestat man`: manual pages, generated from the definition of the command line.

use std::path::{Path, PathBuf};

use super::console::Console;
use crate::foundation::atomic::{self, Access};
use crate::pipeline::PipelineError;

/// Print the manual page of hestat, or write the pages of all commands
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat man --dir /usr/local/share/man/man1")]
pub(super) struct Args {
    /// Write hestat.1, hestat-init.1 and so on to this directory
    #[arg(long, env = "HESTAT_MAN_DIR", value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        let mut command = super::definition();
        command.build();
        match &self.dir {
            None => console.print_raw(&mut page(&command)?.as_slice())?,
            Some(dir) => write(dir, "hestat", &command)?,
        }
        Ok(0)
    }
}

fn page(command: &clap::Command) -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    Ok(page)
}

/// Writes the page of a command and those of its subcommands.
fn write(dir: &Path, name: &str, command: &clap::Command) -> anyhow::Result<()> {
    let path = dir.join(format!("{name}.1"));
    let failed = |source| PipelineError::File { path: path.display().to_string(), source };
    atomic::write(&path, &page(command)?, Access::Shared).map_err(failed)?;
    let mut subcommands = command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help");
    subcommands.try_for_each(|subcommand| write(dir, &format!("{name}-{}", subcommand.get_name()), subcommand))
}
