//! Where a command writes a file of results: a file that is whole or not there, or standard output.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::exit::Usage;
use crate::foundation::atomic::{self, Access};
use crate::pipeline::PipelineError;

/// Names of standard output, where a file would take the place of the link.
const STANDARD_OUTPUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// A place for results, tried before there are any.
pub(super) struct Output(Option<PathBuf>);

impl Output {
    /// The place that `--output` names. Standard output cannot take JSON as well.
    pub(super) fn prepare(path: &Path, console: &Console) -> anyhow::Result<Self> {
        if is_standard_output(path) {
            if console.json() {
                let text = "--json and --output - would both write to standard output; choose one of them";
                return Err(Usage(text.into()).into());
            }
            return Ok(Self(None));
        }
        atomic::probe(path).map_err(unusable(path))?;
        Ok(Self(Some(path.into())))
    }

    /// Whether results go to standard output, and nothing else may.
    pub(super) fn is_standard(&self) -> bool {
        self.0.is_none()
    }

    /// Writes all of the results; returns where they are, for a notice.
    pub(super) fn write(&self, results: &[u8], console: &Console) -> anyhow::Result<String> {
        match &self.0 {
            None => {
                console.pass_on(&mut &*results)?;
                Ok("standard output".into())
            }
            Some(path) => {
                atomic::write(path, results, Access::Shared).map_err(unusable(path))?;
                Ok(path.display().to_string())
            }
        }
    }
}

/// Whether a path stands for standard output.
pub(super) fn is_standard_output(path: &Path) -> bool {
    STANDARD_OUTPUT.iter().any(|name| path == Path::new(name))
}

fn unusable(path: &Path) -> impl FnOnce(std::io::Error) -> PipelineError {
    let place = path.display().to_string();
    |source| PipelineError::File { path: place, source }
}
