//! Buffers that are used again: fresh memory costs about as much as encrypting it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Those of one part on its way. There are as many as were ever in use at once.
#[derive(Debug, Clone, Default)]
pub(super) struct BufferPool(Arc<Mutex<Vec<Vec<u8>>>>);

impl BufferPool {
    /// One with whatever it held last, or a new one.
    pub(super) fn take(&self) -> Vec<u8> {
        self.buffers().pop().unwrap_or_default()
    }

    /// Somebody needs it no more.
    pub(super) fn put(&self, buffer: Vec<u8>) {
        self.buffers().push(buffer);
    }

    fn buffers(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
