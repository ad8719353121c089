//! `hestat forget`: deletes the key of a job, and its files on the server.

use serde_json::json;

use super::connect_options::ConnectOptions;
use super::console::Console;
use super::options::StateOptions;
use crate::foundation::observer::Notices;
use crate::pipeline::PipelineError;
use crate::pipeline::forget::{ServerCleanup, forget};

/// Delete the key of a job, and its files on the server
///
/// After that, the result of the job can no longer be decrypted.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat forget 3f2a")]
pub(super) struct Args {
    /// ID of the job, or the beginning of the ID
    #[arg(env = "HESTAT_JOB")]
    job: String,
    #[command(flatten)]
    state: StateOptions,
    #[command(flatten)]
    connection: ConnectOptions,
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        let store = self.state.store()?;
        let job = store.find(Some(&self.job)).map_err(PipelineError::from)?;
        let cleaned = forget(&store, job, &self.connection.connector(&store, console)?, console.observer())?;
        let server_cleaned = matches!(cleaned, ServerCleanup::Done);
        if console.json() {
            console.print_json(&json!({ "job": job, "server_cleaned": server_cleaned }))?;
        } else {
            console.print(&format!("job {job} is forgotten"))?;
        }
        if let ServerCleanup::Failed(error) = cleaned {
            console.notice(&format!("the job's files may still be on the server, unreadable without the key: {error}"));
        }
        Ok(0)
    }
}
