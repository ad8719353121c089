//! Cancels the work when the served directory is replaced.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::foundation::observer::{Cancel, Cancelled};
use crate::pipeline::PipelineError;

/// Cancels the work when another directory appears at the served path: clients would go on uploading to the old one,
/// which is not computed any more. `other` can cancel it too.
pub(super) struct DirectoryWatch<'o> {
    other: &'o dyn Cancel,
    path: &'o Path,
    served: DirectoryId,
    is_replaced: AtomicBool,
}

impl<'o> DirectoryWatch<'o> {
    /// Watches the directory that is at `path` now.
    pub(super) fn new(other: &'o dyn Cancel, path: &'o Path) -> Result<Self, PipelineError> {
        let served = DirectoryId::of(path).map_err(PipelineError::file(path.display()))?;
        Ok(Self { other, path, served, is_replaced: AtomicBool::new(false) })
    }

    /// Fails if the work was cancelled because the directory was replaced.
    pub(super) fn verdict(&self) -> Result<(), PipelineError> {
        if self.is_replaced.load(Ordering::Relaxed) {
            return Err(PipelineError::DirectoryReplaced { path: self.path.display().to_string() });
        }
        Ok(())
    }
}

impl Cancel for DirectoryWatch<'_> {
    fn check_cancelled(&self) -> Result<(), Cancelled> {
        // A directory that is missing, for example because it was unmounted, may come back.
        if DirectoryId::of(self.path).is_ok_and(|id| id != self.served) {
            self.is_replaced.store(true, Ordering::Relaxed);
            return Err(Cancelled);
        }
        self.other.check_cancelled()
    }
}

/// Identifies a directory, whatever its path.
#[derive(PartialEq, Eq)]
struct DirectoryId {
    device: u64,
    inode: u64,
}

impl DirectoryId {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        Ok(Self { device: metadata.dev(), inode: metadata.ino() })
    }
}
