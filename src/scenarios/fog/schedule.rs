//! Assigns parts to nodes, and limits how long a part may wait.
//!
//! No identity gets two parts of a message: a part whose node is lost goes to an unused node, or to the same one when
//! it is back.
//!
//! Assigning it to a node that is done would be faster, but that node would see two parts.

use std::collections::HashMap;
use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::crypto::KeyFingerprint;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartState {
    /// No node has it.
    Pending,
    /// This node has it.
    Assigned(KeyFingerprint),
    /// It came back and was verified.
    Done,
}

/// The state of all parts, and the nodes that can get one. Parts are numbered from 0.
#[derive(Debug)]
pub(super) struct Schedule {
    parts: Vec<PartState>,
    /// Connected nodes without a part, in the order in which they came.
    idle: Vec<KeyFingerprint>,
    /// The part that each node has been assigned, now or earlier.
    seen: HashMap<KeyFingerprint, usize>,
    started: bool,
}

impl Schedule {
    /// Creates a schedule with all parts pending and no nodes.
    pub(super) fn new(parts: usize) -> Self {
        Self { parts: vec![PartState::Pending; parts], idle: Vec::new(), seen: HashMap::new(), started: false }
    }

    pub(super) fn join(&mut self, node: KeyFingerprint) {
        self.idle.push(node);
    }

    /// Removes a node. Returns its part, if it has one; the part is pending again.
    pub(super) fn leave(&mut self, node: KeyFingerprint) -> Option<usize> {
        self.idle.retain(|idle| *idle != node);
        self.end_assignment(node, PartState::Pending)
    }

    /// Marks a node's part as done. The node is idle again.
    pub(super) fn complete(&mut self, node: KeyFingerprint) {
        self.end_assignment(node, PartState::Done);
        self.idle.push(node);
    }

    fn end_assignment(&mut self, node: KeyFingerprint, state: PartState) -> Option<usize> {
        let part = self.parts.iter().position(|part| *part == PartState::Assigned(node))?;
        self.parts[part] = state;
        Some(part)
    }

    /// Assigns a pending part to an idle node, if possible. Assignment starts once there is a node for each part.
    pub(super) fn assign(&mut self) -> Option<(KeyFingerprint, usize)> {
        self.started |= self.unused_nodes() >= self.parts.len();
        if !self.started {
            return None;
        }
        let pending = self.parts.iter().enumerate().filter(|(_, state)| **state == PartState::Pending);
        let (part, node) = pending.map(|(part, _)| part).find_map(|part| Some((part, self.candidate(part)?)))?;
        self.idle.retain(|idle| *idle != node);
        self.seen.insert(node, part);
        self.parts[part] = PartState::Assigned(node);
        Some((node, part))
    }

    /// Returns an idle node that may get the part, preferably the one that has already seen it.
    fn candidate(&self, part: usize) -> Option<KeyFingerprint> {
        let has_seen = |node: &&KeyFingerprint| self.seen.get(*node) == Some(&part);
        let is_unused = |node: &&KeyFingerprint| !self.seen.contains_key(*node);
        self.idle.iter().find(has_seen).or_else(|| self.idle.iter().find(is_unused)).copied()
    }

    /// Returns the number of connected nodes that have not seen any part.
    pub(super) fn unused_nodes(&self) -> usize {
        self.idle.iter().filter(|node| !self.seen.contains_key(*node)).count()
    }

    /// Returns the number of parts.
    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Returns the number of parts that are assigned to nodes now.
    pub(super) fn assigned(&self) -> usize {
        self.parts.iter().filter(|state| matches!(state, PartState::Assigned(_))).count()
    }

    /// Returns whether there has been a node for each part.
    pub(super) fn has_started(&self) -> bool {
        self.started
    }

    /// Returns the first pending part.
    pub(super) fn pending(&self) -> Option<usize> {
        self.parts.iter().position(|state| *state == PartState::Pending)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.parts.iter().all(|state| *state == PartState::Done)
    }
}

/// Measures how long a part has been waiting for a node. It pauses while no part waits. Only a reset clears it, when
/// data has come back: nodes that are lost with their part again and again cannot delay the timeout forever.
pub(super) struct StarvationTimer {
    limit: Duration,
    running_since: Option<Instant>,
    /// The time before the last pause.
    accumulated: Duration,
}

impl StarvationTimer {
    /// Creates a paused timer.
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, running_since: None, accumulated: Duration::ZERO }
    }

    pub(super) fn set_running(&mut self, runs: bool) {
        match self.running_since {
            None if runs => self.running_since = Some(Instant::now()),
            Some(since) if !runs => {
                self.accumulated += since.elapsed();
                self.running_since = None;
            }
            _ => {}
        }
    }

    /// Pauses the timer at zero.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.limit);
    }

    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// Waits until the limit is reached; forever if the timer is paused.
    pub(super) fn expired(&self) -> impl Future<Output = ()> + use<> {
        let end = self.running_since.map(|since| since + self.limit.saturating_sub(self.accumulated));
        async move {
            match end {
                Some(end) => sleep_until(end).await,
                None => pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::time::{advance, timeout};

    fn node(number: u8) -> KeyFingerprint {
        KeyFingerprint::of(&[number])
    }

    #[test]
    fn nothing_is_assigned_before_there_is_a_node_for_each_part() {
        let mut schedule = Schedule::new(2);
        schedule.join(node(1));
        assert_eq!(schedule.assign(), None);
        schedule.leave(node(1));
        schedule.join(node(2));
        assert_eq!((schedule.assign(), schedule.unused_nodes()), (None, 1));
        schedule.join(node(1));
        assert_eq!(
            [schedule.assign(), schedule.assign(), schedule.assign()],
            [Some((node(2), 0)), Some((node(1), 1)), None]
        );
        assert_eq!(schedule.pending(), None);
    }

    #[test]
    fn a_lost_part_goes_to_an_unused_node_or_the_same_one() {
        let mut schedule = Schedule::new(2);
        schedule.join(node(1));
        schedule.join(node(2));
        assert!(schedule.assign().is_some() && schedule.assign().is_some());
        let [lost, done] = [node(1), node(2)];
        schedule.complete(done);
        schedule.leave(lost);
        assert_eq!((schedule.pending(), schedule.assign()), (Some(0), None));
        schedule.join(node(3));
        assert_eq!(schedule.assign(), Some((node(3), 0)));
        schedule.leave(node(3));
        schedule.join(lost);
        assert_eq!(schedule.assign(), Some((lost, 0)));
        schedule.complete(lost);
        assert!(schedule.is_complete());
    }

    #[tokio::test(start_paused = true)]
    async fn the_timer_pauses_and_only_a_reset_clears_it() {
        let seconds = Duration::from_secs;
        let mut timer = StarvationTimer::new(seconds(10));
        let left = async |timer: &StarvationTimer| {
            let begin = Instant::now();
            timeout(seconds(60), timer.expired()).await.ok().map(|()| begin.elapsed().as_secs())
        };
        assert_eq!(left(&timer).await, None);
        timer.set_running(true);
        advance(seconds(6)).await;
        timer.set_running(true);
        timer.set_running(false);
        assert_eq!(left(&timer).await, None);
        timer.set_running(true);
        assert_eq!(left(&timer).await, Some(4));
        timer.reset();
        timer.set_running(true);
        assert_eq!(left(&timer).await, Some(10));
    }

    proptest! {
        /// In any sequence of events, no node sees two parts, and no part is assigned to two nodes.
        #[test]
        fn no_node_sees_two_parts(parts in 1..5_usize, steps in proptest::collection::vec((0..3_u8, 0..8_u8), 0..80)) {
            let mut schedule = Schedule::new(parts);
            let mut assigned: HashMap<KeyFingerprint, usize> = HashMap::new();
            let mut saw: HashMap<KeyFingerprint, usize> = HashMap::new();
            let mut connected: Vec<KeyFingerprint> = Vec::new();
            for (step, number) in steps {
                let node = node(number);
                match step {
                    0 if !connected.contains(&node) => {
                        schedule.join(node);
                        connected.push(node);
                    }
                    1 if connected.contains(&node) => {
                        prop_assert_eq!(schedule.leave(node), assigned.remove(&node));
                        connected.retain(|other| *other != node);
                    }
                    2 if assigned.remove(&node).is_some() => schedule.complete(node),
                    _ => {}
                }
                while let Some((node, part)) = schedule.assign() {
                    prop_assert!(connected.contains(&node));
                    prop_assert!(saw.get(&node).is_none_or(|seen| *seen == part));
                    prop_assert!(assigned.values().all(|other| *other != part));
                    prop_assert_eq!(assigned.insert(node, part), None);
                    saw.insert(node, part);
                }
                prop_assert_eq!(schedule.assigned(), assigned.len());
            }
        }
    }
}
