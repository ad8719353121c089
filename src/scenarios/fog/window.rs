//! How far the client runs ahead of what is back.
//!
//! A node whose answer is not taken yet takes nothing in either. If both directions are full then, it is up to the kernels
//! whether they ever get out of it: Linux 6.18 was seen to drop the very segments that would have said that there is room. So
//! the client sends no more than a node takes in without having sent anything.

use tokio::sync::watch;

use super::protocol::PartHead;

/// Chunks that a node has room for: one that comes, one that waits, one that is encrypted, and tokens of two more.
const WINDOW_CHUNKS: u64 = 5;

/// How much of a part is back, for who sends the rest.
pub(super) struct FlowWindow {
    head: PartHead,
    back: watch::Sender<u64>,
}

impl FlowWindow {
    /// Nothing of this part is back.
    pub(super) fn new(head: PartHead) -> Self {
        Self { head, back: watch::Sender::new(0) }
    }

    /// So many bytes of the token of chunk `number` are back.
    pub(super) fn acknowledge(&self, number: u64, bytes: usize) {
        let place = self.head.place(number);
        self.back.send_replace(place.end.min(place.start + bytes as u64 / 4 * 3));
    }

    /// Returns when the piece that begins at `place` may be sent.
    pub(super) async fn wait_for_credit(&self, place: u64) {
        // A chunk is under way while its token comes back: with that there are as many as there is room for.
        let bound = (WINDOW_CHUNKS - 1) * u64::from(self.head.chunk);
        // Who could tell no more is this very value.
        drop(self.back.subscribe().wait_for(|back| place < back + bound).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::random;
    use crate::scenarios::fog::MessageId;
    use futures_util::FutureExt;

    #[test]
    fn four_chunks_go_ahead_and_then_as_much_as_comes_back() {
        let message = MessageId::draw(&mut random::from_system().unwrap());
        let chunk = 64 << 10;
        let lead = FlowWindow::new(PartHead { message, part: 1, parts: 1, length: 10 << 20, chunk });
        let allows = |place: u64| lead.wait_for_credit(place).now_or_never().is_some();
        let chunk = u64::from(chunk);
        assert!(allows(0) && allows(4 * chunk - 1) && !allows(4 * chunk));
        lead.acknowledge(1, 400);
        assert!(allows(4 * chunk + 299) && !allows(4 * chunk + 300));
        // A token is longer than that, and no chunk counts for more than it has.
        lead.acknowledge(1, 1 << 20);
        assert!(allows(5 * chunk - 1) && !allows(5 * chunk));
        lead.acknowledge(2, 4);
        assert!(allows(5 * chunk + 2) && !allows(5 * chunk + 3));
    }
}
