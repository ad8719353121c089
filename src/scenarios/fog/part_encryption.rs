//! The encryption of one part at a node: chunks arrive, and each is encrypted and sent back as a token.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::try_join;

use super::error::FogError;
use super::files::MessageFiles;
use super::flow_control::BufferPool;
use super::part::PartHead;
use super::protocol::{FRAME_BYTES, FromClient, FromNode};
use crate::crypto::RsaPublicKey;
use crate::foundation::atomic::AtomicFile;
use crate::foundation::observer::Cancelled;
use crate::foundation::random::{self, Randomness};
use crate::wire::runtime::blocking;
use crate::wire::{Link, Receiver, Sender, WireError};

/// Encrypts one part under the client's key.
#[derive(Clone)]
pub(super) struct PartEncryption {
    pub(super) head: PartHead,
    pub(super) key: Arc<RsaPublicKey>,
    /// The directory for the files.
    pub(super) files: MessageFiles,
}

/// The files that a node keeps of a part.
pub(super) struct PartFiles {
    pub(super) part: PathBuf,
    pub(super) tokens: PathBuf,
}

/// An encryption between two chunks. Threads for blocking work take it by value and return it.
struct EncryptionState {
    encryption: PartEncryption,
    part: AtomicFile,
    tokens: AtomicFile,
    random: Randomness,
    buffers: BufferPool,
}

impl PartEncryption {
    /// Receives the part and sends back its tokens. Receiving, encrypting and sending form a pipeline of chunks.
    ///
    /// If one of the three fails, `try_join!` returns its error and drops the others.
    pub(super) async fn run(&self, link: &mut Link) -> Result<PartFiles, FogError> {
        let (arriving, arrived) = mpsc::channel(1);
        let (encrypted, to_send) = mpsc::channel(1);
        let buffers = BufferPool::default();
        let receiving = self.receive_chunks(&mut link.receiver, arriving, &buffers);
        let sending = send_tokens(&mut link.sender, to_send, &buffers);
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
            // Fails only if `encrypt_chunks` has failed.
            arriving.send(chunk).await.map_err(|_| Cancelled)?;
        }
        Ok(())
    }

    /// Encrypts all chunks, then commits the files. If only one of them can be committed, it stays.
    async fn encrypt_chunks(
        &self,
        mut arrived: mpsc::Receiver<Vec<u8>>,
        encrypted: mpsc::Sender<Vec<u8>>,
        buffers: BufferPool,
    ) -> Result<PartFiles, FogError> {
        let (part, tokens) = (self.head.file_name(), self.head.token_file_name());
        let mut state = EncryptionState {
            encryption: self.clone(),
            part: self.files.create(&part)?,
            tokens: self.files.create(&tokens)?,
            random: random::from_system()?,
            buffers,
        };
        for number in 1..=self.head.chunks() {
            // Both channels are open until all chunks are through, unless `receive_chunks` or `send_tokens` has failed.
            let chunk = arrived.recv().await.ok_or(Cancelled)?;
            let token;
            (state, token) = blocking(move || state.encrypt(number, chunk).map(|token| (state, token))).await?;
            encrypted.send(token).await.map_err(|_| Cancelled)?;
        }
        let committed = blocking(move || (state.part.commit_unique(), state.tokens.commit_unique()));
        let (part_file, token_file) = committed.await;
        Ok(PartFiles {
            part: part_file.map_err(self.files.error(&part))?,
            tokens: token_file.map_err(self.files.error(&tokens))?,
        })
    }
}

impl EncryptionState {
    /// Encrypts one chunk, writes it and its token to their files, and returns the token.
    fn encrypt(&mut self, number: u64, mut chunk: Vec<u8>) -> Result<Vec<u8>, FogError> {
        let PartEncryption { head, key, files } = &self.encryption;
        self.part.write_all(&chunk).map_err(files.error(&head.file_name()))?;
        let mut token = self.buffers.take();
        head.encrypt(&mut token, number, &mut chunk, key, &mut self.random).map_err(FogError::Encrypt)?;
        let written = self.tokens.write_all(&token).and_then(|()| self.tokens.write_all(b"\n"));
        written.map_err(files.error(&head.token_file_name()))?;
        self.part.start_writeback(chunk.len() as u64);
        self.tokens.start_writeback(token.len() as u64 + 1);
        self.buffers.put(chunk);
        Ok(token)
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

/// Sends tokens until the channel is closed.
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
