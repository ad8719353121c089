//! Handlers of the coordinator's events: nodes that connect, are refused, make progress, return their part, or are
//! lost.

use std::path::PathBuf;

use tokio::sync::mpsc;

use super::super::error::{FogError, NodeFailure};
use super::super::journal::{DisplayPath, Event};
use super::super::message::PartReport;
use super::super::node_session::{EventSender, NodeEvent, run, send_final};
use super::super::protocol::FromClient;
use super::{ConnectedNode, Coordinator};
use crate::crypto::KeyFingerprint;
use crate::foundation::text::with_causes;
use crate::wire::{Link, Listener, ListenerEvent};

/// How many different refused nodes are reported. There may be any number of them.
const MAX_REFUSALS: usize = 50;

/// How often a node may lose its part before it is excluded, and how often its coming and going is reported.
const MAX_LOSSES: u32 = 16;

/// The history of one node during one message.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NodeHistory {
    /// How often it was lost with a part.
    losses: u32,
    /// How often it left without a part.
    departures: u32,
    /// Whether it returned wrong data or violated the protocol.
    dishonest: bool,
    /// Whether it was refused because it is not on the allow list.
    refused: bool,
}

impl NodeHistory {
    /// Counts a disconnection.
    fn record_loss(&mut self, had_part: bool) {
        let counter = if had_part { &mut self.losses } else { &mut self.departures };
        *counter = counter.saturating_add(1);
    }

    /// Returns whether the node gets no part of this message any more.
    fn is_excluded(&self) -> bool {
        self.dishonest || self.losses >= MAX_LOSSES
    }

    /// Returns whether it is still reported when the node joins or leaves without a part.
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
                if let Some((_, verified)) = self.nodes.get_mut(&node).and_then(|node| node.part.as_mut()) {
                    *verified += bytes;
                }
                self.observer.advance(bytes);
            }
            NodeEvent::Returned(file) => self.part_returned(node, file)?,
            NodeEvent::Gone(failure) => self.node_lost(node, failure)?,
        }
        Ok(())
    }

    /// Tells all nodes that there is nothing left to do: those that are idle, and those that are just connecting.
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
        let refused = self.history.values().filter(|history| history.refused).count();
        if refused >= MAX_REFUSALS || self.history(node).refused {
            return Ok(());
        }
        self.history.entry(node).or_default().refused = true;
        if refused + 1 == MAX_REFUSALS {
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
        self.sessions.spawn(run(link, assigned, EventSender { node, events: self.event_sender.clone() }));
        self.nodes.insert(node, ConnectedNode { assignments, part: None });
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

    fn part_returned(&mut self, node: KeyFingerprint, file: PathBuf) -> Result<(), FogError> {
        let Some((part, bytes)) = self.nodes.get_mut(&node).and_then(|node| node.part.take()) else { return Ok(()) };
        self.schedule.complete(node);
        self.starvation.reset();
        self.files.record(&Event::Returned {
            message: self.message.to_string(),
            part: part as u32 + 1,
            parts: self.schedule.parts() as u32,
            node: node.to_string(),
            file: DisplayPath(&file),
        })?;
        if let Some(report) = self.reports.get_mut(part) {
            *report = Some(PartReport { node, bytes, file });
        }
        Ok(())
    }

    fn node_lost(&mut self, node: KeyFingerprint, failure: NodeFailure) -> Result<(), FogError> {
        let part = self.nodes.remove(&node).and_then(|node| node.part).map(|(part, _)| part as u32 + 1);
        self.schedule.leave(node);
        if let NodeFailure::Local(error) = failure {
            return Err(error);
        }
        // A node that has returned its part may leave.
        let is_done = self.reports.iter().flatten().any(|part| part.node == node);
        let history = self.history.entry(node).or_default();
        let is_reportable = part.is_some() || (!is_done && history.is_reportable());
        history.dishonest |= matches!(failure, NodeFailure::Dishonest(_));
        history.record_loss(part.is_some());
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
