//! Who gets which part, who brings it back, and what happens when somebody does not.

mod joins;
mod results;
mod starvation;

use std::collections::{HashMap, HashSet};
use std::panic::resume_unwind;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::starvation::StarvationTimer;
use super::assembly::Assignment;
use super::chunk::PARTS_AT_ONCE;
use super::error::FogError;
use super::files::Files;
use super::id::MessageId;
use super::journal::Event;
use super::node_event::NodeEvent;
use super::protocol::PartHead;
use super::report::PartReport;
use super::schedule::Schedule;
use crate::crypto::KeyFingerprint;
use crate::foundation::observer::{Cancelled, Observer, Stage};
use crate::wire::Listener;

/// News that wait to be heard.
const WAITING: usize = 64;

/// How long nodes get to hear that there is nothing more to do.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// One message, its parts, and the nodes that are here.
pub(super) struct Coordinator<'c> {
    message: MessageId,
    assignments: Vec<Assignment>,
    returned: Vec<Option<PartReport>>,
    schedule: Schedule,
    nodes: HashMap<KeyFingerprint, ConnectedNode>,
    dishonest: HashSet<KeyFingerprint>,
    /// How often each was lost with a part.
    losses: HashMap<KeyFingerprint, u32>,
    /// How often each was lost without one.
    departures: HashMap<KeyFingerprint, u32>,
    refused: HashSet<KeyFingerprint>,
    /// What was wrong with a list of peers, as far as it is told.
    last_list_error: String,
    sessions: JoinSet<()>,
    reporting: mpsc::Sender<(KeyFingerprint, NodeEvent)>,
    reported: mpsc::Receiver<(KeyFingerprint, NodeEvent)>,
    starvation: StarvationTimer,
    files: &'c Files<'c>,
    observer: &'c dyn Observer,
}

/// A node that is here.
struct ConnectedNode {
    orders: mpsc::Sender<Assignment>,
    /// Which part (from 0) it is at, and how many bytes of that are back.
    part: Option<(usize, u64)>,
}

impl<'c> Coordinator<'c> {
    pub(super) fn new(
        message: MessageId,
        assignments: Vec<Assignment>,
        files: &'c Files<'c>,
        observer: &'c dyn Observer,
        timeout: Duration,
    ) -> Self {
        let (reporting, reported) = mpsc::channel(WAITING);
        Self {
            message,
            schedule: Schedule::new(assignments.len() as u32),
            returned: vec![None; assignments.len()],
            assignments,
            nodes: HashMap::new(),
            dishonest: HashSet::new(),
            losses: HashMap::new(),
            departures: HashMap::new(),
            refused: HashSet::new(),
            last_list_error: String::new(),
            sessions: JoinSet::new(),
            reporting,
            reported,
            starvation: StarvationTimer::new(timeout),
            files,
            observer,
        }
    }

    /// Gives all parts to nodes that come to `listener`, until all are back. However that ends, nodes that have nothing to do
    /// are told that there is nothing more.
    pub(super) async fn run(
        mut self,
        mut listener: Listener,
        stop: &CancellationToken,
    ) -> Result<Vec<PartReport>, FogError> {
        self.show_progress();
        let outcome = self.until_complete(&mut listener, stop).await;
        listener.stop().await;
        self.observer.end();
        // Without orders, sessions end; those that are in the middle of a part are cut off in the end.
        self.nodes.clear();
        let farewell = if outcome.is_ok() { SHUTDOWN_GRACE } else { SHUTDOWN_GRACE / 4 };
        drop(timeout(farewell, self.drain(&mut listener)).await);
        outcome?;
        Ok(self.returned.into_iter().flatten().collect())
    }

    async fn until_complete(&mut self, listener: &mut Listener, stop: &CancellationToken) -> Result<(), FogError> {
        loop {
            self.assign_parts().await?;
            if self.schedule.is_complete() {
                return Ok(());
            }
            let starved = self.starvation.expired();
            tokio::select! {
                Some(arrival) = listener.next() => self.handle_listener_event(arrival)?,
                Some((node, news)) = self.reported.recv() => self.handle_node_event(node, news)?,
                () = starved => return Err(self.too_few()),
                () = stop.cancelled() => return Err(Cancelled.into()),
                Some(ended) = self.sessions.join_next() => {
                    // Whoever would have told of its node does not any more.
                    if let Some(panic) = ended.err().and_then(|error| error.try_into_panic().ok()) {
                        resume_unwind(panic);
                    }
                }
            }
        }
    }

    async fn assign_parts(&mut self) -> Result<(), FogError> {
        let had_begun = self.schedule.has_begun();
        while self.under_way() < PARTS_AT_ONCE as usize
            && let Some((fingerprint, part)) = self.schedule.assign()
        {
            self.assign(fingerprint, part).await?;
        }
        if self.schedule.has_begun() != had_begun {
            self.starvation.reset();
            self.show_progress();
        }
        self.starvation.set_running(self.schedule.pending().is_some() && self.under_way() < PARTS_AT_ONCE as usize);
        Ok(())
    }

    async fn assign(&mut self, fingerprint: KeyFingerprint, part: usize) -> Result<(), FogError> {
        let (Some(node), Some(assignment)) = (self.nodes.get_mut(&fingerprint), self.assignments.get(part)) else {
            return Ok(());
        };
        node.part = Some((part, 0));
        let PartHead { part, parts, length: bytes, .. } = assignment.head;
        let (message, node_name) = (self.message.to_string(), fingerprint.to_string());
        self.files.record(&Event::Given { message, part, parts, bytes, node: node_name })?;
        // If it has just gone, that is about to be heard.
        drop(node.orders.send(assignment.clone()).await);
        Ok(())
    }

    /// How many parts are at nodes.
    fn under_way(&self) -> usize {
        self.nodes.values().filter(|node| node.part.is_some()).count()
    }

    fn too_few(&self) -> FogError {
        let (parts, seconds) = (self.schedule.parts(), self.starvation.limit().as_secs());
        match self.schedule.pending().filter(|_| self.schedule.has_begun()) {
            Some(part) => FogError::NoNode { part: part as u32 + 1, parts: parts as u32, seconds },
            None => FogError::TooFewNodes { here: self.schedule.unused_nodes(), needed: parts, seconds },
        }
    }

    /// Shows anew how far the work is: what a lost node had brought back does not count.
    fn show_progress(&self) {
        if self.schedule.has_begun() {
            let total = self.assignments.iter().map(|assignment| assignment.head.length).sum();
            let returned: u64 = self.returned.iter().flatten().map(|part| part.bytes).sum();
            let coming: u64 = self.nodes.values().filter_map(|node| node.part).map(|(_, bytes)| bytes).sum();
            self.observer.begin(Stage::Returning, total);
            self.observer.advance(returned + coming);
        } else {
            self.observer.begin(Stage::Gathering, self.schedule.parts() as u64);
            self.observer.advance(self.schedule.unused_nodes() as u64);
        }
    }
}

/// Enough of a fingerprint to tell nodes apart in a log.
fn short(node: KeyFingerprint) -> String {
    node.to_string().chars().take(9).collect()
}
