//! Flow control and buffers for a part in transfer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::part::PartHead;

/// How many chunks the client may send beyond the last byte whose token has come back.
///
/// A node can hold five: one arriving, one waiting, one being encrypted, and the tokens of two more. The fifth is the
/// chunk whose token is coming back while the next ones are sent.
const WINDOW_CHUNKS: u64 = 4;

/// Limits how far the client runs ahead of the tokens that have come back.
///
/// A node whose tokens are not read stops reading, too. If the buffers of both directions are full, it depends on the
/// kernel whether the connection recovers: we have seen Linux 6.18 drop the segments that announce free buffers. So the
/// client never sends more than a node can hold while it cannot send.
pub(super) struct FlowWindow {
    head: PartHead,
    /// The offset in the part, in bytes, up to which tokens have come back.
    acknowledged: watch::Sender<u64>,
}

impl FlowWindow {
    /// Creates a window for a part of which nothing has come back.
    pub(super) fn new(head: PartHead) -> Self {
        Self { head, acknowledged: watch::Sender::new(0) }
    }

    /// Records that the first `token_bytes` bytes of the token of chunk `number` have arrived.
    pub(super) fn acknowledge(&self, number: u64, token_bytes: usize) {
        let range = self.head.range(number);
        // In base64, 4 bytes of a token are 3 bytes of the chunk. The token's header is counted, too, which opens the
        // window early by up to 6 KiB for each chunk.
        self.acknowledged.send_replace(range.end.min(range.start + token_bytes as u64 / 4 * 3));
    }

    /// Waits until the data at `offset` of the part may be sent.
    pub(super) async fn wait_for_credit(&self, offset: u64) {
        let window = WINDOW_CHUNKS * u64::from(self.head.chunk);
        // This fails only when the sender is dropped, but `self` owns it.
        let _ = self.acknowledged.subscribe().wait_for(|acknowledged| offset < acknowledged + window).await;
    }
}

/// Reuses the buffers of a part: the page faults of new memory take about as long as encrypting it.
#[derive(Debug, Clone, Default)]
pub(super) struct BufferPool(Arc<Mutex<Vec<Vec<u8>>>>);

impl BufferPool {
    /// Takes a buffer from the pool, with its previous content, or creates an empty one.
    pub(super) fn take(&self) -> Vec<u8> {
        self.buffers().pop().unwrap_or_default()
    }

    /// Puts a buffer into the pool.
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
