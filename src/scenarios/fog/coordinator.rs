//! Who gets which part, who brings it back, and what happens when somebody does not.

use std::collections::{HashMap, HashSet};
use std::future::pending;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::assembly::Assignment;
use super::client::ReturnedPart;
use super::error::FogError;
use super::fault::Fault;
use super::files::Files;
use super::id::MessageId;
use super::journal::Event;
use super::news::{News, Reporter};
use super::protocol::{FromClient, PartHead};
use super::roster::Roster;
use super::session::{attend, farewell};
use crate::crypto::KeyFingerprint;
use crate::foundation::observer::{Observer, Stage, Stopped};
use crate::wire::{Arrival, Link, Listener};

/// News that wait to be heard.
const WAITING: usize = 64;

/// Those who were not taken in, as far as they are told of.
const TOLD: usize = 50;

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

    fn meet(&mut self, arrival: Arrival) -> Result<(), FogError> {
        match arrival {
            Arrival::Refused { peer, fingerprint } => self.tell_refused(&peer, fingerprint)?,
            Arrival::Link(link) if self.nodes.contains_key(&link.fingerprint()) => {
                self.turn_away(link, FromClient::Twin);
            }
            Arrival::Link(link) if self.dishonest.contains(&link.fingerprint()) => {
                self.turn_away(link, FromClient::Rejected);
            }
            Arrival::Link(link) => self.take_in(link)?,
        }
        Ok(())
    }

    /// Of those who were not taken in, a few are told of, once each: there may be any number of them.
    fn tell_refused(&mut self, from: &str, node: KeyFingerprint) -> Result<(), FogError> {
        if self.refused.len() >= TOLD || !self.refused.insert(node) {
            return Ok(());
        }
        self.observer.notice(&format!("a node from {from} was turned away; --allow-peer {node} would let it in"));
        self.files.record(&Event::Refused { node: node.to_string(), from })
    }

    fn turn_away(&mut self, mut link: Box<Link>, word: FromClient) {
        self.sessions.spawn(async move { farewell(&mut link, &word).await });
    }

    fn take_in(&mut self, link: Box<Link>) -> Result<(), FogError> {
        let node = link.fingerprint();
        self.files.record(&Event::Joined { node: node.to_string(), from: link.peer() })?;
        let from = link.peer().to_owned();
        // Nobody is given a second part before the first is back.
        let (orders, ordered) = mpsc::channel(1);
        self.sessions.spawn(attend(link, ordered, Reporter { node, news: self.reporting.clone() }));
        self.nodes.insert(node, Node { orders, part: None });
        self.roster.join(node);
        let here = if self.roster.has_begun() {
            String::new()
        } else {
            self.observer.advance(1);
            format!(": {} of {}", self.roster.here(), self.roster.parts())
        };
        self.observer.notice(&format!("node {} from {from} is here{here}", short(node)));
        Ok(())
    }

    fn hear(&mut self, node: KeyFingerprint, news: News) -> Result<(), FogError> {
        match news {
            News::Progress(bytes) => {
                if let Some((_, back)) = self.nodes.get_mut(&node).and_then(|node| node.part.as_mut()) {
                    *back += bytes;
                }
                self.observer.advance(bytes);
            }
            News::Returned(file) => self.keep(node, file)?,
            News::Gone(fault) => self.lose(node, fault)?,
        }
        Ok(())
    }

    fn keep(&mut self, node: KeyFingerprint, file: PathBuf) -> Result<(), FogError> {
        let Some((number, bytes)) = self.nodes.get_mut(&node).and_then(|node| node.part.take()) else { return Ok(()) };
        self.roster.bring_back(node);
        self.record_returned(number, node, &file)?;
        if let Some(returned) = self.returned.get_mut(number) {
            *returned = Some(ReturnedPart { node, bytes, file });
        }
        Ok(())
    }

    fn record_returned(&self, number: usize, node: KeyFingerprint, file: &Path) -> Result<(), FogError> {
        let (part, parts) = (number as u32 + 1, self.roster.parts() as u32);
        self.files.record(&Event::Returned {
            message: self.message.to_string(),
            part,
            parts,
            node: node.to_string(),
            file,
        })
    }

    fn lose(&mut self, node: KeyFingerprint, fault: Fault) -> Result<(), FogError> {
        let part = self.nodes.remove(&node).and_then(|node| node.part).map(|(number, _)| number as u32 + 1);
        self.roster.leave(node);
        if matches!(fault, Fault::Dishonest(_)) {
            self.dishonest.insert(node);
        }
        if let Fault::Own(error) = fault {
            return Err(error);
        }
        // Who has brought its part back may go.
        let has_done = self.returned.iter().flatten().any(|part| part.node == node);
        if part.is_some() || !has_done {
            let (message, name, why) = (self.message.to_string(), node.to_string(), fault.to_string());
            self.files.record(&Event::Lost { message, part, node: name, why })?;
            let consequence = part.map_or(String::new(), |part| format!("; part {part} is for another node"));
            self.observer.notice(&format!("node {} is lost: {fault}{consequence}", short(node)));
            self.show_progress();
        }
        Ok(())
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
