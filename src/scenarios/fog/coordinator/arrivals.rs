//! Who comes to the client: taken in, turned away, or told of.

use tokio::sync::mpsc;

use super::super::error::FogError;
use super::super::journal::Event;
use super::super::news::Reporter;
use super::super::protocol::FromClient;
use super::super::session::{attend, farewell};
use super::{Coordinator, Node, short};
use crate::crypto::KeyFingerprint;
use crate::foundation::text::with_causes;
use crate::wire::{Arrival, Link, Listener};

/// Those who were not taken in, as far as they are told of.
const TOLD: usize = 50;

impl Coordinator<'_> {
    pub(super) fn meet(&mut self, arrival: Arrival) -> Result<(), FogError> {
        match arrival {
            Arrival::Refused { peer, fingerprint } => self.tell_refused(&peer, fingerprint)?,
            Arrival::Unlisted(error) => self.tell_unlisted(with_causes(&error)),
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

    /// Those who are here, and those who come in just now, are told that there is nothing to do any more.
    pub(super) async fn see_off(&mut self, listener: &mut Listener) {
        while let Some(arrival) = listener.next().await {
            if let Arrival::Link(link) = arrival {
                self.turn_away(link, FromClient::Rest);
            }
        }
        while self.sessions.join_next().await.is_some() {}
    }

    /// Of those who were not taken in, a few are told of, once each: there may be any number of them.
    fn tell_refused(&mut self, from: &str, node: KeyFingerprint) -> Result<(), FogError> {
        if self.refused.len() >= TOLD || !self.refused.insert(node) {
            return Ok(());
        }
        if self.refused.len() == TOLD {
            self.observer.notice("too many different nodes are turned away: the next ones are not told of");
        }
        self.observer.notice(&format!("a node from {from} was turned away; --allow-peer {node} would let it in"));
        self.files.record(&Event::Refused { node: node.to_string(), from })
    }

    /// Once for each reason: whoever knocks has the list read.
    fn tell_unlisted(&mut self, why: String) {
        if self.unlisted != why {
            self.observer.notice(&format!("{why}; nobody is taken in by it until it is mended"));
            self.unlisted = why;
        }
    }

    fn turn_away(&mut self, mut link: Box<Link>, word: FromClient) {
        self.sessions.spawn(async move { farewell(&mut link, &word).await });
    }

    fn take_in(&mut self, link: Box<Link>) -> Result<(), FogError> {
        let node = link.fingerprint();
        let (from, is_news) = (link.peer().to_owned(), self.is_news(node));
        if is_news {
            self.files.record(&Event::Joined { node: node.to_string(), from: &from })?;
        }
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
        if is_news {
            self.observer.notice(&format!("node {} from {from} is here{here}", short(node)));
        }
        Ok(())
    }
}
