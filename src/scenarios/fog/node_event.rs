//! What those who attend to nodes tell the coordinator.

use std::path::PathBuf;

use tokio::sync::mpsc;

use super::node_failure::NodeFailure;
use crate::crypto::KeyFingerprint;

/// What there is to tell of a node.
#[derive(Debug)]
pub(super) enum NodeEvent {
    /// So many bytes of its part are back.
    Progress(u64),
    /// All of its part is back; its tokens are in this file.
    Returned(PathBuf),
    /// It is gone, and does nothing more.
    Gone(NodeFailure),
}

/// Tells news of one node.
#[derive(Debug, Clone)]
pub(super) struct EventSender {
    pub(super) node: KeyFingerprint,
    pub(super) news: mpsc::Sender<(KeyFingerprint, NodeEvent)>,
}

impl EventSender {
    pub(super) async fn send(&self, news: NodeEvent) {
        // When nobody listens any more, there is nothing to tell.
        drop(self.news.send((self.node, news)).await);
    }
}
