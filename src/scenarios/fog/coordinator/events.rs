//! Handlers of the coordinator's events: nodes connect, are refused, make progress, return their part, or disconnect.

use std::path::PathBuf;

use tokio::sync::mpsc;

use super::super::error::{FogError, NodeFailure};
use super::super::journal::Event;
use super::super::message::PartReport;
use super::super::node_session::{EventSender, NodeEvent, run_session, send_final};
use super::super::part::PartHead;
use super::super::protocol::FromClient;
use super::Coordinator;
use crate::crypto::KeyFingerprint;
use crate::foundation::text::with_causes;
use crate::wire::{Link, Listener, ListenerEvent};

/// How many different refused nodes are reported. There may be any number of them.
const MAX_REFUSALS: usize = 50;

/// How often a node may be lost with its part before it is excluded, and how often it is reported when it connects and
/// disconnects.
const MAX_LOSSES: u32 = 16;

/// The history of one node during one message.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NodeHistory {
    /// How often it was lost with a part.
    losses: u32,
    /// How often it disconnected without a part.
    departures: u32,
    /// Whether it returned wrong data or violated the protocol.
    misbehaved: bool,
}

impl NodeHistory {
    /// Counts a disconnection.
    fn record_disconnection(&mut self, had_part: bool) {
        let counter = if had_part { &mut self.losses } else { &mut self.departures };
        *counter = counter.saturating_add(1);
    }

    /// Returns whether the node gets no part of this message any more.
    fn is_excluded(&self) -> bool {
        self.misbehaved || self.losses >= MAX_LOSSES
    }

    /// Returns whether it is still reported when the node connects, or disconnects without a part.
    fn is_reportable(&self) -> bool {
        self.departures < MAX_LOSSES
    }
}

impl Coordinator<'_> {
    pub(super) fn handle_listener_event(&mut self, event: ListenerEvent) -> Result<(), FogError> {
        match event {
            ListenerEvent::Refused { peer, fingerprint } => self.report_refused(&peer, fingerprint)?,
            ListenerEvent::AllowListError(error) => {
                self.allow_list_notice.show(self.observer, with_causes(&error), "it is ignored until it is fixed");
            }
            ListenerEvent::Link(link) if self.nodes.contains_key(&link.fingerprint()) => {
                self.reject(link, FromClient::Duplicate);
            }
            ListenerEvent::Link(link) if self.history(link.fingerprint()).is_excluded() => {
                self.reject(link, FromClient::Rejected);
            }
            ListenerEvent::Link(link) => self.admit(link)?,
        }
        Ok(())
    }

    pub(super) fn handle_node_event(&mut self, node: KeyFingerprint, event: NodeEvent) -> Result<(), FogError> {
        match event {
            NodeEvent::Progress(bytes) => {
                self.starvation.reset();
                *self.verified.entry(node).or_default() += bytes;
                self.observer.advance(bytes);
            }
            NodeEvent::Returned { head, file } => self.part_returned(node, &head, file)?,
            NodeEvent::Disconnected(failure) => self.node_lost(node, failure)?,
        }
        Ok(())
    }

    /// Tells nodes that are just connecting that there is nothing left to do, and waits until all sessions have ended.
    pub(super) async fn drain(&mut self, listener: &mut Listener) {
        while let Some(event) = listener.next().await {
            if let ListenerEvent::Link(link) = event {
                self.reject(link, FromClient::Done);
            }
        }
        while self.sessions.join_next().await.is_some() {}
    }

    fn history(&self, node: KeyFingerprint) -> NodeHistory {
        self.history.get(&node).copied().unwrap_or_default()
    }

    /// Reports each refused node once, and only the first [`MAX_REFUSALS`].
    fn report_refused(&mut self, from: &str, node: KeyFingerprint) -> Result<(), FogError> {
        if self.refused.len() == MAX_REFUSALS || !self.refused.insert(node) {
            return Ok(());
        }
        if self.refused.len() == MAX_REFUSALS {
            self.observer.notice(&format!("{MAX_REFUSALS} different nodes were refused; others are not reported"));
        }
        (self.on_refused)(from, node);
        self.files.record(&Event::Refused { node: node.to_string(), from })
    }

    fn reject(&mut self, mut link: Box<Link>, message: FromClient) {
        self.sessions.spawn(async move { send_final(&mut link, &message).await });
    }

    fn admit(&mut self, link: Box<Link>) -> Result<(), FogError> {
        let node = link.fingerprint();
        let (from, is_reportable) = (link.peer().to_owned(), self.history(node).is_reportable());
        if is_reportable {
            self.files.record(&Event::Joined { node: node.to_string(), from: &from })?;
        }
        // A node has at most one part at a time.
        let (assignments, assigned) = mpsc::channel(1);
        self.sessions.spawn(run_session(link, assigned, EventSender { node, events: self.event_sender.clone() }));
        self.nodes.insert(node, assignments);
        self.schedule.join(node);
        let count = if self.schedule.has_started() {
            String::new()
        } else {
            self.observer.advance(1);
            format!(" ({} of {})", self.schedule.unused_nodes(), self.schedule.parts())
        };
        if is_reportable {
            self.observer.notice(&format!("node {} connected from {from}{count}", short(node)));
        }
        Ok(())
    }

    fn part_returned(&mut self, node: KeyFingerprint, head: &PartHead, file: PathBuf) -> Result<(), FogError> {
        self.schedule.complete(node);
        self.starvation.reset();
        self.files.record(&Event::Returned {
            message: head.message.to_string(),
            part: head.part,
            parts: head.parts,
            node: node.to_string(),
            file: file.display().to_string(),
        })?;
        self.verified.remove(&node);
        self.reports.insert(head.part, PartReport { node, bytes: head.length, file });
        Ok(())
    }

    fn node_lost(&mut self, node: KeyFingerprint, failure: NodeFailure) -> Result<(), FogError> {
        self.nodes.remove(&node);
        self.verified.remove(&node);
        let part = self.schedule.leave(node).map(|part| part as u32 + 1);
        if let NodeFailure::Local(error) = failure {
            return Err(error);
        }
        // A node that has returned its part may disconnect.
        let is_done = self.reports.values().any(|part| part.node == node);
        let history = self.history.entry(node).or_default();
        let is_reportable = part.is_some() || (!is_done && history.is_reportable());
        history.misbehaved |= matches!(failure, NodeFailure::Misbehaved(_));
        history.record_disconnection(part.is_some());
        if is_reportable {
            let (message, name, why) = (self.message.to_string(), node.to_string(), failure.to_string());
            self.files.record(&Event::Lost { message, part, node: name, why })?;
            let consequence = part.map_or(String::new(), |part| format!("; part {part} needs another node"));
            self.observer.notice(&format!("node {} is lost: {failure}{consequence}", short(node)));
            self.show_progress();
        }
        Ok(())
    }
}

/// Returns the beginning of a fingerprint, which is enough to tell nodes apart in notices.
fn short(node: KeyFingerprint) -> String {
    node.to_string().chars().take(9).collect()
}
