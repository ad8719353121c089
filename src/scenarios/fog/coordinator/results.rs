//! What comes of the parts that were given out: they are back, or their node is lost.

use std::path::{Path, PathBuf};

use super::super::error::FogError;
use super::super::journal::{DisplayPath, Event};
use super::super::node_event::NodeEvent;
use super::super::node_failure::NodeFailure;
use super::super::report::PartReport;
use super::{Coordinator, short};
use crate::crypto::KeyFingerprint;

/// How often a node may be lost with its part, and come back for it.
const MOST_LOSSES: u32 = 16;

impl Coordinator<'_> {
    pub(super) fn handle_node_event(&mut self, node: KeyFingerprint, news: NodeEvent) -> Result<(), FogError> {
        match news {
            NodeEvent::Progress(bytes) => {
                self.starvation.reset();
                if let Some((_, back)) = self.nodes.get_mut(&node).and_then(|node| node.part.as_mut()) {
                    *back += bytes;
                }
                self.observer.advance(bytes);
            }
            NodeEvent::Returned(file) => self.part_done(node, file)?,
            NodeEvent::Gone(fault) => self.node_lost(node, fault)?,
        }
        Ok(())
    }

    /// Whether a node has lost its part too often to be given it again.
    fn is_hopeless(&mut self, node: KeyFingerprint) -> bool {
        let losses = self.losses.entry(node).or_default();
        *losses += 1;
        *losses >= MOST_LOSSES
    }

    /// Whether that a node is here, or gone without a part, is still told: some come and go all the time.
    pub(super) fn is_news(&self, node: KeyFingerprint) -> bool {
        self.departures.get(&node).is_none_or(|times| *times < MOST_LOSSES)
    }

    fn part_done(&mut self, node: KeyFingerprint, file: PathBuf) -> Result<(), FogError> {
        let Some((number, bytes)) = self.nodes.get_mut(&node).and_then(|node| node.part.take()) else { return Ok(()) };
        self.schedule.complete(node);
        self.starvation.reset();
        self.record_returned(number, node, &file)?;
        if let Some(returned) = self.returned.get_mut(number) {
            *returned = Some(PartReport { node, bytes, file });
        }
        Ok(())
    }

    fn record_returned(&self, number: usize, node: KeyFingerprint, file: &Path) -> Result<(), FogError> {
        let (part, parts) = (number as u32 + 1, self.schedule.parts() as u32);
        self.files.record(&Event::Returned {
            message: self.message.to_string(),
            part,
            parts,
            node: node.to_string(),
            file: DisplayPath(file),
        })
    }

    fn node_lost(&mut self, node: KeyFingerprint, fault: NodeFailure) -> Result<(), FogError> {
        let part = self.nodes.remove(&node).and_then(|node| node.part).map(|(number, _)| number as u32 + 1);
        self.schedule.leave(node);
        if matches!(fault, NodeFailure::Dishonest(_)) || (part.is_some() && self.is_hopeless(node)) {
            self.dishonest.insert(node);
        }
        if let NodeFailure::Local(error) = fault {
            return Err(error);
        }
        // Who has brought its part back may go.
        let has_done = self.returned.iter().flatten().any(|part| part.node == node);
        let is_news = part.is_some() || (!has_done && self.is_news(node));
        if part.is_none() {
            *self.departures.entry(node).or_default() += 1;
        }
        if is_news {
            let (message, name, why) = (self.message.to_string(), node.to_string(), fault.to_string());
            self.files.record(&Event::Lost { message, part, node: name, why })?;
            let consequence = part.map_or(String::new(), |part| format!("; part {part} is for another node"));
            self.observer.notice(&format!("node {} is lost: {fault}{consequence}", short(node)));
            self.show_progress();
        }
        Ok(())
    }
}
