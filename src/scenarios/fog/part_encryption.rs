//! One part at a node: it comes in chunks, each is encrypted, and its token goes back.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::try_join;

use super::buffer_pool::BufferPool;
use super::error::FogError;
use super::files::MessageFiles;
use super::protocol::{FromClient, FromNode, PIECE, PartHead};
use crate::crypto::RsaPublicKey;
use crate::foundation::atomic::AtomicFile;
use crate::foundation::random::{self, Randomness};
use crate::wire::runtime::blocking;
use crate::wire::{Link, Receiver, Sender, WireError};

/// The part, what it is encrypted with, and where its files go.
pub(super) struct PartEncryption {
    pub(super) head: PartHead,
    pub(super) key: Arc<RsaPublicKey>,
    pub(super) files: MessageFiles,
}

/// What a part leaves behind at a node.
pub(super) struct Written {
    /// The file with the part.
    pub(super) part: PathBuf,
    /// The file with its tokens.
    pub(super) tokens: PathBuf,
}

/// Files that are being written, and what makes keys for the next token.
struct OutputFiles {
    part: AtomicFile,
    tokens: AtomicFile,
    random: Randomness,
    buffers: Buffers,
}

/// What chunks come in, and what their tokens go out in.
#[derive(Clone, Default)]
struct Buffers {
    chunks: BufferPool,
    tokens: BufferPool,
}

impl PartEncryption {
    /// Takes the part from the client, and gives it back encrypted. Receiving, encrypting and sending go on at once, a chunk
    /// apart.
    pub(super) async fn run(&self, link: &mut Link) -> Result<Written, FogError> {
        let (coming, come) = mpsc::channel(1);
        let (sealed, to_send) = mpsc::channel(1);
        let buffers = Buffers::default();
        let receiving = self.receive(&mut link.receiver, coming, &buffers.chunks);
        let sending = send(&mut link.sender, to_send, &buffers.tokens);
        let ((), written, ()) = try_join!(receiving, self.seal(come, sealed, buffers.clone()), sending)?;
        link.sender.send(&FromNode::Finished, b"").await?;
        Ok(written)
    }

    async fn receive(
        &self,
        receiver: &mut Receiver,
        coming: mpsc::Sender<Vec<u8>>,
        spares: &BufferPool,
    ) -> Result<(), FogError> {
        for number in 1..=self.head.chunks() {
            let place = self.head.place(number);
            let chunk = chunk(receiver, (place.end - place.start) as usize, spares.take()).await?;
            if coming.send(chunk).await.is_err() {
                // What went wrong there is told there.
                break;
            }
        }
        Ok(())
    }

    async fn seal(
        &self,
        mut come: mpsc::Receiver<Vec<u8>>,
        sealed: mpsc::Sender<Vec<u8>>,
        buffers: Buffers,
    ) -> Result<Written, FogError> {
        let (part, tokens) = (self.head.file_name(), self.head.token_file_name());
        let mut progress = OutputFiles {
            part: self.files.begin(&part)?,
            tokens: self.files.begin(&tokens)?,
            random: random::from_system()?,
            buffers,
        };
        let mut number = 0;
        while let Some(chunk) = come.recv().await {
            number += 1;
            let (head, key, files) = (self.head, Arc::clone(&self.key), self.files.clone());
            let token;
            (progress, token) = blocking(move || progress.seal(number, chunk, head, &key, &files)).await?;
            if sealed.send(token).await.is_err() {
                break;
            }
        }
        // The client is gone in the middle: then nothing is left behind under a name.
        if number < self.head.chunks() {
            return std::future::pending().await;
        }
        let committed = blocking(move || (progress.part.commit_unique(), progress.tokens.commit_unique())).await;
        Ok(Written {
            part: committed.0.map_err(self.files.failed(&part))?,
            tokens: committed.1.map_err(self.files.failed(&tokens))?,
        })
    }
}

impl OutputFiles {
    /// Encrypts one chunk; the token, a line of the file of tokens.
    fn seal(
        mut self,
        number: u64,
        mut chunk: Vec<u8>,
        head: PartHead,
        key: &RsaPublicKey,
        files: &MessageFiles,
    ) -> Result<(Self, Vec<u8>), FogError> {
        self.part.write_all(&chunk).map_err(files.failed(&head.file_name()))?;
        let mut token = self.buffers.tokens.take();
        head.seal(&mut token, number, &mut chunk, key, &mut self.random).map_err(FogError::Seal)?;
        let written = self.tokens.write_all(&token).and_then(|()| self.tokens.write_all(b"\n"));
        written.map_err(files.failed(&head.token_file_name()))?;
        self.part.start_writeback(chunk.len() as u64);
        self.tokens.start_writeback(token.len() as u64 + 1);
        self.buffers.chunks.put(chunk);
        Ok((self, token))
    }
}

/// So many bytes, in pieces that are full but for the last.
async fn chunk(receiver: &mut Receiver, length: usize, mut chunk: Vec<u8>) -> Result<Vec<u8>, WireError> {
    chunk.clear();
    chunk.reserve(length);
    while chunk.len() < length {
        let (FromClient::Data, piece) = receiver.receive().await? else { return Err(receiver.protocol_violation()) };
        if piece.len() != PIECE.min(length - chunk.len()) {
            return Err(receiver.protocol_violation());
        }
        chunk.extend_from_slice(&piece);
    }
    Ok(chunk)
}

async fn send(sender: &mut Sender, mut to_send: mpsc::Receiver<Vec<u8>>, spares: &BufferPool) -> Result<(), FogError> {
    while let Some(token) = to_send.recv().await {
        let mut pieces = token.chunks(PIECE).peekable();
        while let Some(piece) = pieces.next() {
            sender.send(&FromNode::Token { last: pieces.peek().is_none() }, piece).await?;
        }
        drop(pieces);
        spares.put(token);
    }
    Ok(())
}
