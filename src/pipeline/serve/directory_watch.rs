//! Cancels the work when the served directory is replaced.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::foundation::fs::FileId;
use crate::foundation::observer::{Cancel, Cancelled};
use crate::pipeline::PipelineError;

/// Cancels the work when another directory appears at the served path: clients would continue to upload to the old one,
/// where nothing is computed any more. `other` can also cancel it.
pub(super) struct DirectoryWatch<'o> {
    other: &'o dyn Cancel,
    path: &'o Path,
    served: FileId,
    is_replaced: AtomicBool,
}

impl<'o> DirectoryWatch<'o> {
    /// Watches the directory that is at `path` now.
    pub(super) fn new(other: &'o dyn Cancel, path: &'o Path) -> Result<Self, PipelineError> {
        let metadata = path.metadata().map_err(PipelineError::file(path.display()))?;
        let served = FileId::from(&metadata);
        Ok(Self { other, path, served, is_replaced: AtomicBool::new(false) })
    }

    /// Fails if the work was cancelled because the directory was replaced.
    pub(super) fn require_not_replaced(&self) -> Result<(), PipelineError> {
        if self.is_replaced.load(Ordering::Relaxed) {
            return Err(PipelineError::DirectoryReplaced { path: self.path.display().to_string() });
        }
        Ok(())
    }
}

impl Cancel for DirectoryWatch<'_> {
    fn check_cancelled(&self) -> Result<(), Cancelled> {
        // A directory that is missing, for example because it was unmounted, may come back.
        if self.path.metadata().is_ok_and(|metadata| FileId::from(&metadata) != self.served) {
            self.is_replaced.store(true, Ordering::Relaxed);
            return Err(Cancelled);
        }
        self.other.check_cancelled()
    }
}
