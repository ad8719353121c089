//! Who comes to the client: taken in, turned away, or told of.

use tokio::sync::mpsc;

use super::super::error::FogError;
use super::super::journal::Event;
use super::super::node_event::EventSender;
use super::super::protocol::FromClient;
use super::super::session::{run, send_final};
use super::{ConnectedNode, Coordinator, short};
use crate::crypto::KeyFingerprint;
use crate::foundation::text::with_causes;
use crate::wire::{Link, Listener, ListenerEvent};

/// Those who were not taken in, as far as they are told of.
const MAX_REPORTED: usize = 50;

impl Coordinator<'_> {
    pub(super) fn handle_listener_event(&mut self, arrival: ListenerEvent) -> Result<(), FogError> {
        match arrival {
            ListenerEvent::Refused { peer, fingerprint } => self.report_refused(&peer, fingerprint)?,
            ListenerEvent::AllowListError(error) => self.report_allow_list_error(with_causes(&error)),
            ListenerEvent::Link(link) if self.nodes.contains_key(&link.fingerprint()) => {
                self.reject(link, FromClient::Duplicate);
            }
            ListenerEvent::Link(link) if self.dishonest.contains(&link.fingerprint()) => {
                self.reject(link, FromClient::Rejected);
            }
            ListenerEvent::Link(link) => self.admit(link)?,
        }
        Ok(())
    }

    /// Those who are here, and those who come in just now, are told that there is nothing to do any more.
    pub(super) async fn drain(&mut self, listener: &mut Listener) {
        while let Some(arrival) = listener.next().await {
            if let ListenerEvent::Link(link) = arrival {
                self.reject(link, FromClient::Done);
            }
        }
        while self.sessions.join_next().await.is_some() {}
    }

    /// Of those who were not taken in, a few are told of, once each: there may be any number of them.
    fn report_refused(&mut self, from: &str, node: KeyFingerprint) -> Result<(), FogError> {
        if self.refused.len() >= MAX_REPORTED || !self.refused.insert(node) {
            return Ok(());
        }
        if self.refused.len() == MAX_REPORTED {
            self.observer.notice("too many different nodes are turned away: the next ones are not told of");
        }
        self.observer.notice(&format!("a node from {from} was turned away; --allow-peer {node} would let it in"));
        self.files.record(&Event::Refused { node: node.to_string(), from })
    }

    /// Once for each reason: whoever knocks has the list read.
    fn report_allow_list_error(&mut self, why: String) {
        if self.last_list_error != why {
            self.observer.notice(&format!("{why}; nobody is taken in by it until it is mended"));
            self.last_list_error = why;
        }
    }

    fn reject(&mut self, mut link: Box<Link>, word: FromClient) {
        self.sessions.spawn(async move { send_final(&mut link, &word).await });
    }

    fn admit(&mut self, link: Box<Link>) -> Result<(), FogError> {
        let node = link.fingerprint();
        let (from, is_news) = (link.peer().to_owned(), self.is_news(node));
        if is_news {
            self.files.record(&Event::Joined { node: node.to_string(), from: &from })?;
        }
        // Nobody is given a second part before the first is back.
        let (orders, ordered) = mpsc::channel(1);
        self.sessions.spawn(run(link, ordered, EventSender { node, news: self.reporting.clone() }));
        self.nodes.insert(node, ConnectedNode { orders, part: None });
        self.schedule.join(node);
        let here = if self.schedule.has_begun() {
            String::new()
        } else {
            self.observer.advance(1);
            format!(": {} of {}", self.schedule.unused_nodes(), self.schedule.parts())
        };
        if is_news {
            self.observer.notice(&format!("node {} from {from} is here{here}", short(node)));
        }
        Ok(())
    }
}
