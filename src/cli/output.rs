//! The destination of a command's results: standard output, or a file that is written completely or not at all.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::exit::Usage;
use crate::foundation::atomic::{self, Access};
use crate::pipeline::PipelineError;

/// Names of standard output. Some are links, which an atomic write would replace.
const STANDARD_OUTPUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// A destination, checked before the work begins; `None` is standard output.
pub(super) struct Output(Option<PathBuf>);

impl Output {
    /// Checks that `path`, given with `--output`, can be written. Standard output cannot take both results and JSON.
    pub(super) fn prepare(path: &Path, console: &Console) -> anyhow::Result<Self> {
        if is_standard_output(path) {
            if console.json() {
                let text = "--json and --output - both write to standard output; use only one of them";
                return Err(Usage(text.into()).into());
            }
            return Ok(Self(None));
        }
        atomic::probe(path).map_err(file_error(path))?;
        Ok(Self(Some(path.into())))
    }

    /// Whether results go to standard output, which must then get nothing else.
    pub(super) fn is_standard(&self) -> bool {
        self.0.is_none()
    }

    /// Writes the results; returns the destination's name for a notice.
    pub(super) fn write(&self, results: &[u8], console: &Console) -> anyhow::Result<String> {
        match &self.0 {
            None => {
                console.print_raw(&mut &*results)?;
                Ok("standard output".into())
            }
            Some(path) => {
                atomic::write(path, results, Access::Shared).map_err(file_error(path))?;
                Ok(path.display().to_string())
            }
        }
    }
}

/// Whether a path names standard output.
pub(super) fn is_standard_output(path: &Path) -> bool {
    STANDARD_OUTPUT.iter().any(|name| path == Path::new(name))
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> PipelineError {
    let path = path.display().to_string();
    |source| PipelineError::File { path, source }
}
