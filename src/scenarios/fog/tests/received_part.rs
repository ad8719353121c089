//! A part as a test node received it, and correct tokens for it, which some tests alter.

use serde::Serialize;

use crate::crypto::{RsaPublicKey, jwe};
use crate::foundation::random;
use crate::scenarios::fog::part::{ChunkHeader, PartHead};
use crate::scenarios::fog::protocol::{FRAME_BYTES, FromClient, FromNode};
use crate::wire::{Link, WireError};

/// A part, chunk by chunk.
pub(super) struct ReceivedPart {
    pub(super) head: PartHead,
    key: RsaPublicKey,
    pub(super) chunks: Vec<Vec<u8>>,
}

impl ReceivedPart {
    /// Answers pings until a part comes, and receives all of it.
    pub(super) async fn from(link: &mut Link) -> Self {
        let (head, key) = loop {
            match link.receiver.receive().await.unwrap() {
                (FromClient::Ping, _) => link.sender.send(&FromNode::Pong, b"").await.unwrap(),
                (FromClient::Part(head), key) => break (head, key),
                (other, _) => panic!("{other:?}"),
            }
        };
        let mut chunks = Vec::new();
        for number in 1..=head.chunks() {
            let mut chunk = Vec::new();
            while chunk.len() < head.chunk_len(number) {
                let (FromClient::Data, data) = link.receiver.receive().await.unwrap() else { panic!("no data") };
                chunk.extend_from_slice(&data);
            }
            chunks.push(chunk);
        }
        Self { head, key: RsaPublicKey::from_spki(&key).unwrap(), chunks }
    }

    pub(super) fn header(&self, number: u64) -> ChunkHeader {
        self.head.header(number, &self.key.fingerprint().to_string())
    }

    /// Returns the correct token of chunk `number`.
    pub(super) fn token(&self, number: u64) -> Vec<u8> {
        self.encrypt(&self.header(number), self.chunks[number as usize - 1].clone())
    }

    /// Encrypts any chunk with any header.
    pub(super) fn encrypt(&self, header: &impl Serialize, chunk: Vec<u8>) -> Vec<u8> {
        jwe::seal(&self.key, header, chunk, &mut random::from_system().unwrap()).unwrap()
    }

    /// Returns the token of the second chunk with a changed header.
    pub(super) fn second_token_with(&self, change: impl FnOnce(&mut ChunkHeader)) -> Vec<u8> {
        let mut header = self.header(2);
        change(&mut header);
        self.encrypt(&header, self.chunks[1].clone())
    }
}

/// Sends a token.
pub(super) async fn send(link: &mut Link, token: &[u8]) -> Result<(), WireError> {
    let mut frames = token.chunks(FRAME_BYTES).peekable();
    while let Some(data) = frames.next() {
        link.sender.send(&FromNode::Token { last: frames.peek().is_none() }, data).await?;
    }
    Ok(())
}
