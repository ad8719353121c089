//! Which node has which part. No identity gets two parts of the message: a part whose node is lost is for another one that
//! has had none, or for the same one when it is back.

use std::collections::HashMap;

use crate::crypto::KeyFingerprint;

/// Where a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartState {
    /// Nowhere.
    Pending,
    /// At this node.
    Assigned(KeyFingerprint),
    /// Here again, encrypted, decrypted and compared.
    Done,
}

/// All parts, and all nodes that are here or were.
#[derive(Debug)]
pub(super) struct Schedule {
    parts: Vec<PartState>,
    /// Those without anything to do, in the order in which they came.
    idle: Vec<KeyFingerprint>,
    /// The part that each has seen.
    seen: HashMap<KeyFingerprint, usize>,
    begun: bool,
}

impl Schedule {
    /// For so many parts.
    pub(super) fn new(parts: u32) -> Self {
        let parts = vec![PartState::Pending; parts as usize];
        Self { parts, idle: Vec::new(), seen: HashMap::new(), begun: false }
    }

    /// A node is here and has nothing to do.
    pub(super) fn join(&mut self, node: KeyFingerprint) {
        self.idle.push(node);
    }

    /// A node is gone; the part that it leaves behind.
    pub(super) fn leave(&mut self, node: KeyFingerprint) {
        self.idle.retain(|idle| *idle != node);
        self.parts
            .iter_mut()
            .filter(|place| **place == PartState::Assigned(node))
            .for_each(|place| *place = PartState::Pending);
    }

    /// A node has brought its part back.
    pub(super) fn complete(&mut self, node: KeyFingerprint) {
        self.parts
            .iter_mut()
            .filter(|place| **place == PartState::Assigned(node))
            .for_each(|place| *place = PartState::Done);
        self.idle.push(node);
    }

    /// Gives a part to a node: which (from 0) to whom. Nothing is given before there is a node for each.
    pub(super) fn assign(&mut self) -> Option<(KeyFingerprint, usize)> {
        self.begun |= self.unused_nodes() >= self.parts.len();
        if !self.begun {
            return None;
        }
        let waiting = self.parts.iter().enumerate().filter(|(_, place)| **place == PartState::Pending);
        let (part, node) = waiting.map(|(part, _)| part).find_map(|part| Some((part, self.candidate(part)?)))?;
        self.idle.retain(|idle| *idle != node);
        self.seen.insert(node, part);
        *self.parts.get_mut(part)? = PartState::Assigned(node);
        Some((node, part))
    }

    /// Who may have this part: whoever has seen it rather than one more.
    fn candidate(&self, part: usize) -> Option<KeyFingerprint> {
        let has_seen = |node: &&KeyFingerprint| self.seen.get(*node) == Some(&part);
        let is_new = |node: &&KeyFingerprint| !self.seen.contains_key(*node);
        self.idle.iter().find(has_seen).or_else(|| self.idle.iter().find(is_new)).copied()
    }

    /// How many nodes are here that have seen nothing yet.
    pub(super) fn unused_nodes(&self) -> usize {
        self.idle.iter().filter(|node| !self.seen.contains_key(*node)).count()
    }

    /// How many parts there are.
    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Whether the parts have been given out, once.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// The first part (from 0) that is nowhere; also before all have begun.
    pub(super) fn pending(&self) -> Option<usize> {
        self.parts.iter().position(|place| *place == PartState::Pending)
    }

    /// Whether all parts are back.
    pub(super) fn is_complete(&self) -> bool {
        self.parts.iter().all(|place| *place == PartState::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn node(number: u8) -> KeyFingerprint {
        KeyFingerprint::of(&[number])
    }

    #[test]
    fn nothing_is_given_before_there_is_a_node_for_each_part() {
        let mut roster = Schedule::new(2);
        roster.join(node(1));
        assert_eq!(roster.assign(), None);
        roster.leave(node(1));
        roster.join(node(2));
        assert_eq!((roster.assign(), roster.unused_nodes()), (None, 1));
        roster.join(node(1));
        assert_eq!([roster.assign(), roster.assign(), roster.assign()], [Some((node(2), 0)), Some((node(1), 1)), None]);
        assert_eq!(roster.pending(), None);
    }

    #[test]
    fn a_lost_part_goes_to_who_has_seen_none_or_the_same() {
        let mut roster = Schedule::new(2);
        roster.join(node(1));
        roster.join(node(2));
        assert!(roster.assign().is_some() && roster.assign().is_some());
        let [lost, done] = [node(1), node(2)];
        roster.complete(done);
        roster.leave(lost);
        assert_eq!((roster.pending(), roster.assign()), (Some(0), None));
        roster.join(node(3));
        assert_eq!(roster.assign(), Some((node(3), 0)));
        roster.leave(node(3));
        roster.join(lost);
        assert_eq!(roster.assign(), Some((lost, 0)));
        roster.complete(lost);
        assert!(roster.is_complete());
    }

    proptest! {
        /// Whatever happens, nobody sees two parts, and no part is at two nodes.
        #[test]
        fn nobody_sees_two_parts(parts in 1..5_u32, steps in proptest::collection::vec((0..3_u8, 0..8_u8), 0..80)) {
            let mut roster = Schedule::new(parts);
            let mut at: HashMap<KeyFingerprint, usize> = HashMap::new();
            let mut saw: HashMap<KeyFingerprint, usize> = HashMap::new();
            let mut here: Vec<KeyFingerprint> = Vec::new();
            for (step, number) in steps {
                let node = node(number);
                match step {
                    0 if !here.contains(&node) => { roster.join(node); here.push(node); }
                    1 if here.contains(&node) => { roster.leave(node); at.remove(&node); here.retain(|other| *other != node); }
                    2 if at.remove(&node).is_some() => roster.complete(node),
                    _ => {}
                }
                while let Some((node, part)) = roster.assign() {
                    prop_assert!(here.contains(&node));
                    prop_assert!(saw.get(&node).is_none_or(|seen| *seen == part));
                    prop_assert!(at.values().all(|other| *other != part));
                    prop_assert_eq!(at.insert(node, part), None);
                    saw.insert(node, part);
                }
            }
        }
    }
}
