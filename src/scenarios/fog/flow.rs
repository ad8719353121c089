//! Flow control and buffers for a part in transfer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::part::PartHead;

/// Chunks that a node can hold: one arriving, one waiting, one being encrypted, and the tokens of two more.
const WINDOW_CHUNKS: u64 = 5;

/// Limits how far the client runs ahead of the tokens that came back.
///
/// A node whose answer is not read does not read either. If both directions are full, it depends on the kernels whether
/// they recover: Linux 6.18 was seen to drop the very segments that would have announced free buffers. So the client
/// never sends more than a node can hold without sending anything.
pub(super) struct FlowWindow {
    head: PartHead,
    acknowledged: watch::Sender<u64>,
}

impl FlowWindow {
    /// Creates a window for a part of which nothing has come back.
    pub(super) fn new(head: PartHead) -> Self {
        Self { head, acknowledged: watch::Sender::new(0) }
    }

    /// Records that `bytes` bytes of the token of chunk `number` have arrived.
    pub(super) fn acknowledge(&self, number: u64, bytes: usize) {
        let range = self.head.range(number);
        self.acknowledged.send_replace(range.end.min(range.start + bytes as u64 / 4 * 3));
    }

    /// Waits until the data at `offset` of the part may be sent.
    pub(super) async fn wait_for_credit(&self, offset: u64) {
        // While a chunk is being sent, its token already comes back; so it counts as one of those that the node holds.
        let bound = (WINDOW_CHUNKS - 1) * u64::from(self.head.chunk);
        // This fails only when the sender is dropped, but `self` owns it.
        let _ = self.acknowledged.subscribe().wait_for(|acknowledged| offset < acknowledged + bound).await;
    }
}

/// Reuses the buffers of a part: fresh memory costs about as much as encrypting it.
#[derive(Debug, Clone, Default)]
pub(super) struct BufferPool(Arc<Mutex<Vec<Vec<u8>>>>);

impl BufferPool {
    /// Returns a buffer, with its previous content if it has been used before.
    pub(super) fn take(&self) -> Vec<u8> {
        self.buffers().pop().unwrap_or_default()
    }

    /// Returns a buffer to the pool.
    pub(super) fn put(&self, buffer: Vec<u8>) {
        self.buffers().push(buffer);
    }

    fn buffers(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::random;
    use crate::scenarios::fog::MessageId;
    use futures_util::FutureExt;

    #[test]
    fn the_client_runs_four_chunks_ahead_and_then_as_far_as_tokens_come_back() {
        let message = MessageId::draw(&mut random::from_system().unwrap());
        let chunk = 64 << 10;
        let window = FlowWindow::new(PartHead::of_message(message, &[10 << 20], Some(chunk))[0]);
        let may_send = |offset: u64| window.wait_for_credit(offset).now_or_never().is_some();
        let chunk = u64::from(chunk);
        assert!(may_send(0) && may_send(4 * chunk - 1) && !may_send(4 * chunk));
        window.acknowledge(1, 400);
        assert!(may_send(4 * chunk + 299) && !may_send(4 * chunk + 300));
        // A token is longer than its chunk, but counts for no more than the chunk.
        window.acknowledge(1, 1 << 20);
        assert!(may_send(5 * chunk - 1) && !may_send(5 * chunk));
        window.acknowledge(2, 4);
        assert!(may_send(5 * chunk + 2) && !may_send(5 * chunk + 3));
    }
}
