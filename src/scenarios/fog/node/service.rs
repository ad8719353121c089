//! Serving a client that was found.

use std::sync::Arc;

use tokio::time::sleep;

use super::super::error::FogError;
use super::super::journal::{DisplayPath, Event};
use super::super::part_encryption::PartEncryption;
use super::super::protocol::{FromClient, FromNode, PartHead};
use super::{DRAIN, Node, NodeOutcome};
use crate::crypto::{KeyError, RsaPublicKey};
use crate::foundation::observer::Cancelled;
use crate::wire::Link;

impl Node<'_> {
    pub(super) async fn serve(&mut self, link: &mut Link, done: &mut impl FnMut(&NodeOutcome)) -> Result<(), FogError> {
        let mut has_done = false;
        loop {
            let said = self.stop.run_until_cancelled(link.receiver.receive()).await.ok_or(Cancelled)?;
            let outcome = match said? {
                (FromClient::Ping, _) => {
                    self.is_in(link)?;
                    link.sender.send(&FromNode::Pong, b"").await?;
                    continue;
                }
                (FromClient::Part(head), key) => {
                    self.is_in(link)?;
                    self.serve_part(link, head, &key).await?
                }
                (FromClient::Done, _) if has_done => return Ok(()),
                (FromClient::Done, _) => {
                    self.files.record(&Event::NotNeeded { client: link.fingerprint().to_string() })?;
                    done(&NodeOutcome::NotNeeded);
                    return Ok(());
                }
                (FromClient::Duplicate, _) => return Err(self.twin(link)),
                (FromClient::Rejected, _) => return Err(rejected(link)),
                (FromClient::Data | FromClient::Accepted, _) => return Err(link.receiver.protocol_violation().into()),
            };
            done(&outcome);
            has_done = true;
            if !self.request.stay {
                return Ok(());
            }
        }
    }

    /// The client has something to do for it, if only to wait; that is told once.
    fn is_in(&mut self, link: &Link) -> Result<(), FogError> {
        if !std::mem::replace(&mut self.was_in, true) {
            let (client, address) = (link.fingerprint().to_string(), self.request.address.as_str());
            self.files.record(&Event::Connected { client, address })?;
            self.observer.notice(&format!("connected to {address}"));
            self.told.clear();
        }
        Ok(())
    }

    /// One part. A node that is to end brings it to its end first, if that does not take long.
    async fn serve_part(&self, link: &mut Link, head: PartHead, key: &[u8]) -> Result<NodeOutcome, FogError> {
        let drained = async {
            self.stop.cancelled().await;
            sleep(DRAIN).await;
        };
        let outcome = tokio::select! {
            outcome = self.encrypt(link, head, key) => outcome,
            () = drained => Err(Cancelled.into()),
        };
        if let Err(error) = &outcome
            && !matches!(error, FogError::Wire(_) | FogError::Rejected { .. })
        {
            drop(link.sender.send(&FromNode::Failed, b"").await);
        }
        outcome
    }

    async fn encrypt(&self, link: &mut Link, head: PartHead, key: &[u8]) -> Result<NodeOutcome, FogError> {
        if !head.is_sound() {
            return Err(link.receiver.protocol_violation().into());
        }
        let bad = |error: KeyError| FogError::BadKey { client: link.peer().to_owned(), reason: error.to_string() };
        let key = Arc::new(RsaPublicKey::from_spki(key).map_err(bad)?);
        let PartHead { message, part, parts, length: bytes, .. } = head;
        let (name, client) = (message.to_string(), link.fingerprint().to_string());
        self.files.record(&Event::Assigned { message: name.clone(), part, parts, bytes, client: client.clone() })?;
        let files = self.files.message(message, &key)?;
        let written = PartEncryption { head, key, files }.run(link).await?;
        let (part_file, file) = (DisplayPath(&written.part), DisplayPath(&written.tokens));
        self.files.record(&Event::Encrypted { message: name.clone(), part, parts, part_file, file })?;
        match link.receiver.receive().await? {
            (FromClient::Accepted, _) => {
                self.files.record(&Event::Accepted { message: name, part, parts, client })?;
                Ok(NodeOutcome::Done { message, part, parts, bytes, file: written.tokens })
            }
            (FromClient::Rejected, _) => Err(rejected(link)),
            _ => Err(link.receiver.protocol_violation().into()),
        }
    }

    fn twin(&self, link: &Link) -> FogError {
        FogError::Duplicate { client: link.peer().into(), own: self.request.dialer.identity.fingerprint() }
    }
}

fn rejected(link: &Link) -> FogError {
    FogError::Rejected { client: link.peer().into() }
}
