//! What a node was given, and honest answers to it: some of them are altered elsewhere.

use serde::Serialize;

use crate::crypto::{RsaPublicKey, jwe};
use crate::foundation::random;
use crate::scenarios::fog::chunk::ChunkHeader;
use crate::scenarios::fog::protocol::{FromClient, FromNode, PIECE, PartHead};
use crate::wire::{Link, WireError};

/// A node's part as it came, chunk by chunk.
pub(super) struct Given {
    pub(super) head: PartHead,
    key: RsaPublicKey,
    pub(super) chunks: Vec<Vec<u8>>,
}

impl Given {
    /// Takes a whole part.
    pub(super) async fn by(link: &mut Link) -> Self {
        let (head, key) = loop {
            match link.receiver.receive().await.unwrap() {
                (FromClient::Ping, _) => link.sender.send(&FromNode::Pong, b"").await.unwrap(),
                (FromClient::Part(head), key) => break (head, key),
                (other, _) => panic!("{other:?}"),
            }
        };
        let mut chunks = Vec::new();
        for number in 1..=head.chunks() {
            let place = head.place(number);
            let mut chunk = Vec::new();
            while (chunk.len() as u64) < place.end - place.start {
                let (FromClient::Data, piece) = link.receiver.receive().await.unwrap() else { panic!("no piece") };
                chunk.extend_from_slice(&piece);
            }
            chunks.push(chunk);
        }
        Self { head, key: RsaPublicKey::from_spki(&key).unwrap(), chunks }
    }

    pub(super) fn header(&self, number: u64) -> ChunkHeader {
        self.head.header(number, &self.key.fingerprint().to_string())
    }

    /// The honest token of chunk `number`.
    pub(super) fn token(&self, number: u64) -> Vec<u8> {
        self.sealed(&self.header(number), self.chunks[number as usize - 1].clone())
    }

    pub(super) fn sealed(&self, header: &impl Serialize, chunk: Vec<u8>) -> Vec<u8> {
        jwe::seal(&self.key, header, chunk, &mut random::from_system().unwrap()).unwrap()
    }

    /// The second token, of a chunk with this header.
    pub(super) fn belonging(&self, change: impl FnOnce(&mut ChunkHeader)) -> Vec<u8> {
        let mut header = self.header(2);
        change(&mut header);
        self.sealed(&header, self.chunks[1].clone())
    }
}

/// Says a token.
pub(super) async fn send(link: &mut Link, token: &[u8]) -> Result<(), WireError> {
    let mut pieces = token.chunks(PIECE).peekable();
    while let Some(piece) = pieces.next() {
        link.sender.send(&FromNode::Token { last: pieces.peek().is_none() }, piece).await?;
    }
    Ok(())
}
