//! Who gets which part, who brings it back, and what happens when somebody does not.

mod arrivals;
mod returns;

use std::collections::{HashMap, HashSet};
use std::future::pending;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::assembly::Assignment;
use super::client::ReturnedPart;
use super::error::FogError;
use super::files::Files;
use super::id::MessageId;
use super::journal::Event;
use super::news::News;
use super::protocol::PartHead;
use super::roster::Roster;
use crate::crypto::KeyFingerprint;
use crate::foundation::observer::{Observer, Stage, Stopped};
use crate::wire::Listener;

/// News that wait to be heard.
const WAITING: usize = 64;

/// How long nodes get to hear that there is nothing more to do.
const FAREWELL: Duration = Duration::from_secs(2);

/// One message, its parts, and the nodes that are here.
pub(super) struct Coordinator<'c> {
    message: MessageId,
    assignments: Vec<Assignment>,
    returned: Vec<Option<ReturnedPart>>,
    roster: Roster,
    nodes: HashMap<KeyFingerprint, Node>,
    dishonest: HashSet<KeyFingerprint>,
    refused: HashSet<KeyFingerprint>,
    sessions: JoinSet<()>,
    reporting: mpsc::Sender<(KeyFingerprint, News)>,
    reported: mpsc::Receiver<(KeyFingerprint, News)>,
    starving: Option<Instant>,
    files: &'c Files<'c>,
    observer: &'c dyn Observer,
    timeout: Duration,
}

/// A node that is here.
struct Node {
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
            roster: Roster::new(assignments.len() as u32),
            returned: vec![None; assignments.len()],
            assignments,
            nodes: HashMap::new(),
            dishonest: HashSet::new(),
            refused: HashSet::new(),
            sessions: JoinSet::new(),
            reporting,
            reported,
            starving: None,
            files,
            observer,
            timeout,
        }
    }

    /// Gives all parts to nodes that come to `listener`, until all are back.
    pub(super) async fn bring_back(
        mut self,
        mut listener: Listener,
        stop: &CancellationToken,
    ) -> Result<Vec<ReturnedPart>, FogError> {
        self.show_progress();
        loop {
            self.give_out().await?;
            if self.roster.is_complete() {
                break;
            }
            let starved = self.starved();
            tokio::select! {
                Some(arrival) = listener.next() => self.meet(arrival)?,
                Some((node, news)) = self.reported.recv() => self.hear(node, news)?,
                () = starved => return Err(self.shortage()),
                () = stop.cancelled() => return Err(Stopped.into()),
                while_sessions_end = self.sessions.join_next(), if !self.sessions.is_empty() => drop(while_sessions_end),
            }
        }
        listener.stop().await;
        self.observer.end();
        // Without orders, sessions end.
        self.nodes.clear();
        let sessions = &mut self.sessions;
        drop(timeout(FAREWELL, async { while sessions.join_next().await.is_some() {} }).await);
        Ok(self.returned.into_iter().flatten().collect())
    }

    async fn give_out(&mut self) -> Result<(), FogError> {
        let had_begun = self.roster.has_begun();
        while let Some((fingerprint, part)) = self.roster.give() {
            let (Some(node), Some(assignment)) = (self.nodes.get_mut(&fingerprint), self.assignments.get(part)) else {
                continue;
            };
            node.part = Some((part, 0));
            let PartHead { part, parts, length: bytes, .. } = assignment.head;
            let (message, node_name) = (self.message.to_string(), fingerprint.to_string());
            self.files.record(&Event::Given { message, part, parts, bytes, node: node_name })?;
            // If it has just gone, that is about to be heard.
            drop(node.orders.send(assignment.clone()).await);
        }
        if self.roster.has_begun() != had_begun {
            self.show_progress();
        }
        match self.roster.waiting() {
            None => self.starving = None,
            Some(_) => drop(self.starving.get_or_insert_with(Instant::now)),
        }
        Ok(())
    }

    /// Returns when nodes have been waited for long enough.
    fn starved(&self) -> impl Future<Output = ()> + use<> {
        let deadline = self.starving.map(|since| since + self.timeout);
        async move {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => pending().await,
            }
        }
    }

    fn shortage(&self) -> FogError {
        let (parts, seconds) = (self.roster.parts(), self.timeout.as_secs());
        match self.roster.waiting().filter(|_| self.roster.has_begun()) {
            Some(part) => FogError::NoNode { part: part as u32 + 1, parts: parts as u32, seconds },
            None => FogError::TooFewNodes { here: self.roster.here(), needed: parts, seconds },
        }
    }

    /// Shows anew how far the work is: what a lost node had brought back does not count.
    fn show_progress(&self) {
        if self.roster.has_begun() {
            let total = self.assignments.iter().map(|assignment| assignment.head.length).sum();
            let returned: u64 = self.returned.iter().flatten().map(|part| part.bytes).sum();
            let coming: u64 = self.nodes.values().filter_map(|node| node.part).map(|(_, bytes)| bytes).sum();
            self.observer.begin(Stage::Returning, total);
            self.observer.advance(returned + coming);
        } else {
            self.observer.begin(Stage::Gathering, self.roster.parts() as u64);
            self.observer.advance(self.roster.here() as u64);
        }
    }
}

/// Enough of a fingerprint to tell nodes apart in a log.
fn short(node: KeyFingerprint) -> String {
    node.to_string().chars().take(9).collect()
}
