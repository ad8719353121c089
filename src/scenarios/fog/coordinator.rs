//! The coordinator: assigns the parts of a message to nodes, and collects them.

mod events;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::resume_unwind;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::events::NodeHistory;
use super::error::FogError;
use super::files::Files;
use super::journal::{Event, RepeatedNotice};
use super::message::{Assignment, Message, PartReport};
use super::node_session::NodeEvent;
use super::part::{MessageId, PARTS_AT_ONCE};
use super::schedule::{Schedule, StarvationTimer};
use crate::crypto::KeyFingerprint;
use crate::foundation::observer::{Cancelled, Observer, Stage, Unit};
use crate::wire::Listener;

/// Capacity of the channel for events from sessions.
const EVENTS: usize = 64;

/// How long the client waits at the end for the last messages to nodes: that there is nothing left to do.
const LAST_MESSAGES_TIMEOUT: Duration = Duration::from_secs(2);

/// Waiting until enough nodes are connected.
const GATHERING: Stage = Stage { label: "waiting for nodes", unit: Unit::Count };

/// Nodes encrypt their parts and return them; in bytes of the message.
const RETURNING: Stage = Stage { label: "encrypting", unit: Unit::Bytes };

/// Called with the address and fingerprint of each refused node.
pub(super) type OnRefused<'c> = &'c mut dyn FnMut(&str, KeyFingerprint);

/// The state of one message and of the connected nodes.
pub(super) struct Coordinator<'c> {
    message: MessageId,
    assignments: Vec<Assignment>,
    schedule: Schedule,
    /// The parts that have come back, by number.
    reports: BTreeMap<u32, PartReport>,
    /// The connected nodes, each with the channel to its session.
    nodes: HashMap<KeyFingerprint, mpsc::Sender<Assignment>>,
    /// How many bytes of a node's part are verified, if some are.
    verified: HashMap<KeyFingerprint, u64>,
    history: HashMap<KeyFingerprint, NodeHistory>,
    /// The nodes that were reported as refused.
    refused: HashSet<KeyFingerprint>,
    allow_list_notice: RepeatedNotice,
    sessions: JoinSet<()>,
    event_sender: mpsc::Sender<(KeyFingerprint, NodeEvent)>,
    events: mpsc::Receiver<(KeyFingerprint, NodeEvent)>,
    starvation: StarvationTimer,
    files: &'c Files<'c>,
    observer: Observer<'c>,
    on_refused: OnRefused<'c>,
}

impl<'c> Coordinator<'c> {
    pub(super) fn new(
        message: &Message,
        files: &'c Files<'c>,
        observer: Observer<'c>,
        timeout: Duration,
        on_refused: OnRefused<'c>,
    ) -> Self {
        let (event_sender, events) = mpsc::channel(EVENTS);
        let assignments = message.assignments.clone();
        Self {
            message: message.id,
            schedule: Schedule::new(assignments.len()),
            assignments,
            reports: BTreeMap::new(),
            nodes: HashMap::new(),
            verified: HashMap::new(),
            history: HashMap::new(),
            refused: HashSet::new(),
            allow_list_notice: RepeatedNotice::default(),
            sessions: JoinSet::new(),
            event_sender,
            events,
            starvation: StarvationTimer::new(timeout),
            files,
            observer,
            on_refused,
        }
    }

    /// Assigns all parts to nodes that connect to `listener`, until all have come back. At the end, even after an
    /// error, idle nodes get a `Done` message.
    pub(super) async fn run(
        mut self,
        mut listener: Listener,
        stop: &CancellationToken,
    ) -> Result<Vec<PartReport>, FogError> {
        self.show_progress();
        let outcome = self.run_until_complete(&mut listener, stop).await;
        listener.stop().await;
        self.observer.end();
        // Idle sessions end when their channel closes. Those that are still exchanging a part are aborted after the
        // timeout.
        self.nodes.clear();
        let limit = if outcome.is_ok() { LAST_MESSAGES_TIMEOUT } else { LAST_MESSAGES_TIMEOUT / 4 };
        let _ = timeout(limit, self.drain(&mut listener)).await;
        outcome?;
        Ok(self.reports.into_values().collect())
    }

    async fn run_until_complete(&mut self, listener: &mut Listener, stop: &CancellationToken) -> Result<(), FogError> {
        loop {
            self.assign_parts().await?;
            if self.schedule.is_complete() {
                return Ok(());
            }
            let starved = self.starvation.expired();
            tokio::select! {
                Some(event) = listener.next() => self.handle_listener_event(event)?,
                Some((node, event)) = self.events.recv() => self.handle_node_event(node, event)?,
                () = starved => return Err(self.starvation_error()),
                () = stop.cancelled() => return Err(Cancelled.into()),
                Some(ended) = self.sessions.join_next() => {
                    // A session that panicked will not report that its node has disconnected.
                    if let Some(panic) = ended.err().and_then(|error| error.try_into_panic().ok()) {
                        resume_unwind(panic);
                    }
                }
            }
        }
    }

    async fn assign_parts(&mut self) -> Result<(), FogError> {
        let had_started = self.schedule.has_started();
        while self.may_assign()
            && let Some((node, part)) = self.schedule.assign()
        {
            self.assign(node, part).await?;
        }
        if self.schedule.has_started() != had_started {
            self.starvation.reset();
            self.show_progress();
        }
        let is_waiting = self.schedule.pending().is_some() && self.may_assign();
        self.starvation.set_running(is_waiting);
        Ok(())
    }

    /// Returns whether another part may be assigned now.
    fn may_assign(&self) -> bool {
        self.schedule.assigned() < PARTS_AT_ONCE as usize
    }

    /// Sends a part to the session of a node. The schedule has the same parts and nodes as `assignments` and `nodes`.
    async fn assign(&self, node: KeyFingerprint, part: usize) -> Result<(), FogError> {
        let assignment = &self.assignments[part];
        let head = assignment.head;
        self.files.record(&Event::Given {
            message: head.message.to_string(),
            part: head.part,
            parts: head.parts,
            bytes: head.length,
            node: node.to_string(),
        })?;
        // If the session has just ended, its `Disconnected` event follows.
        let _ = self.nodes[&node].send(assignment.clone()).await;
        Ok(())
    }

    fn starvation_error(&self) -> FogError {
        let (parts, seconds) = (self.schedule.parts(), self.starvation.limit().as_secs());
        match self.schedule.pending().filter(|_| self.schedule.has_started()) {
            Some(part) => FogError::NoNode { part: part as u32 + 1, parts: parts as u32, seconds },
            None => FogError::TooFewNodes { connected: self.schedule.unused_nodes(), needed: parts, seconds },
        }
    }

    /// Restarts the progress display. Bytes from a node that was lost with its part do not count.
    fn show_progress(&self) {
        if self.schedule.has_started() {
            let total = self.assignments.iter().map(|assignment| assignment.head.length).sum();
            let returned: u64 = self.reports.values().map(|part| part.bytes).sum();
            self.observer.begin(RETURNING, total);
            self.observer.advance(returned + self.verified.values().sum::<u64>());
        } else {
            self.observer.begin(GATHERING, self.schedule.parts() as u64);
            self.observer.advance(self.schedule.unused_nodes() as u64);
        }
    }
}
