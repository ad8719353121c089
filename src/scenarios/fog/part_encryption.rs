//! The encryption of one part at a node: chunks arrive, and each is encrypted and sent back as a token.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::try_join;

use super::error::FogError;
use super::files::MessageFiles;
use super::flow::BufferPool;
use super::part::PartHead;
use super::protocol::{FRAME_BYTES, FromClient, FromNode};
use crate::crypto::RsaPublicKey;
use crate::foundation::atomic::AtomicFile;
use crate::foundation::random::{self, Randomness};
use crate::wire::runtime::blocking;
use crate::wire::{Link, Receiver, Sender, WireError};

/// The part to encrypt, the client's key, and the directory for the files.
pub(super) struct PartEncryption {
    pub(super) head: PartHead,
    pub(super) key: Arc<RsaPublicKey>,
    pub(super) files: MessageFiles,
}

/// The files that a node keeps of a part.
pub(super) struct Written {
    pub(super) part: PathBuf,
    pub(super) tokens: PathBuf,
}

/// The state of an encryption between two chunks.
struct Progress {
    part: AtomicFile,
    tokens: AtomicFile,
    random: Randomness,
    buffers: Buffers,
}

#[derive(Clone, Default)]
struct Buffers {
    chunks: BufferPool,
    tokens: BufferPool,
}

impl PartEncryption {
    /// Receives the part and sends back its tokens. Receiving, encrypting and sending run in parallel, each a chunk
    /// apart.
    pub(super) async fn run(&self, link: &mut Link) -> Result<Written, FogError> {
        let (arriving, arrived) = mpsc::channel(1);
        let (encrypted, to_send) = mpsc::channel(1);
        let buffers = Buffers::default();
        let receiving = self.receive_chunks(&mut link.receiver, arriving, &buffers.chunks);
        let sending = send_tokens(&mut link.sender, to_send, &buffers.tokens);
        let encrypting = self.encrypt_chunks(arrived, encrypted, buffers.clone());
        let ((), written, ()) = try_join!(receiving, encrypting, sending)?;
        link.sender.send(&FromNode::Finished, b"").await?;
        Ok(written)
    }

    async fn receive_chunks(
        &self,
        receiver: &mut Receiver,
        arriving: mpsc::Sender<Vec<u8>>,
        buffers: &BufferPool,
    ) -> Result<(), FogError> {
        for number in 1..=self.head.chunks() {
            let chunk = receive_chunk(receiver, self.head.chunk_len(number), buffers.take()).await?;
            if arriving.send(chunk).await.is_err() {
                // `encrypt_chunks` has failed and returns the error.
                break;
            }
        }
        Ok(())
    }

    async fn encrypt_chunks(
        &self,
        mut arrived: mpsc::Receiver<Vec<u8>>,
        encrypted: mpsc::Sender<Vec<u8>>,
        buffers: Buffers,
    ) -> Result<Written, FogError> {
        let (part, tokens) = (self.head.file_name(), self.head.token_file_name());
        let mut progress = Progress {
            part: self.files.create(&part)?,
            tokens: self.files.create(&tokens)?,
            random: random::from_system()?,
            buffers,
        };
        let mut number = 0;
        while let Some(chunk) = arrived.recv().await {
            number += 1;
            let (head, key, files) = (self.head, Arc::clone(&self.key), self.files.clone());
            let token;
            (progress, token) = blocking(move || progress.encrypt(number, chunk, head, &key, &files)).await?;
            if encrypted.send(token).await.is_err() {
                break;
            }
        }
        // The link broke in the middle, and another branch of `run` returns the error. Nothing may be committed.
        if number < self.head.chunks() {
            return std::future::pending().await;
        }
        let committed = blocking(move || (progress.part.commit_unique(), progress.tokens.commit_unique())).await;
        Ok(Written {
            part: committed.0.map_err(self.files.error(&part))?,
            tokens: committed.1.map_err(self.files.error(&tokens))?,
        })
    }
}

impl Progress {
    /// Encrypts one chunk, writes it and its token to their files, and returns the token.
    fn encrypt(
        mut self,
        number: u64,
        mut chunk: Vec<u8>,
        head: PartHead,
        key: &RsaPublicKey,
        files: &MessageFiles,
    ) -> Result<(Self, Vec<u8>), FogError> {
        self.part.write_all(&chunk).map_err(files.error(&head.file_name()))?;
        let mut token = self.buffers.tokens.take();
        head.encrypt(&mut token, number, &mut chunk, key, &mut self.random).map_err(FogError::Encrypt)?;
        let written = self.tokens.write_all(&token).and_then(|()| self.tokens.write_all(b"\n"));
        written.map_err(files.error(&head.token_file_name()))?;
        self.part.start_writeback(chunk.len() as u64);
        self.tokens.start_writeback(token.len() as u64 + 1);
        self.buffers.chunks.put(chunk);
        Ok((self, token))
    }
}

/// Receives a chunk of `length` bytes into `chunk`. All its frames must be full except the last.
async fn receive_chunk(receiver: &mut Receiver, length: usize, mut chunk: Vec<u8>) -> Result<Vec<u8>, WireError> {
    chunk.clear();
    chunk.reserve(length);
    while chunk.len() < length {
        let (FromClient::Data, data) = receiver.receive().await? else { return Err(receiver.protocol_violation()) };
        if data.len() != FRAME_BYTES.min(length - chunk.len()) {
            return Err(receiver.protocol_violation());
        }
        chunk.extend_from_slice(&data);
    }
    Ok(chunk)
}

async fn send_tokens(
    sender: &mut Sender,
    mut to_send: mpsc::Receiver<Vec<u8>>,
    buffers: &BufferPool,
) -> Result<(), FogError> {
    while let Some(token) = to_send.recv().await {
        let frames = token.len().div_ceil(FRAME_BYTES);
        for (data, number) in token.chunks(FRAME_BYTES).zip(1..) {
            sender.send(&FromNode::Token { last: number == frames }, data).await?;
        }
        buffers.put(token);
    }
    Ok(())
}
