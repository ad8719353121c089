//! The client's session with one node: pings, and at most one part at a time, which is sent, and verified as it comes
//! back.
//!
//! The client compares each returned chunk with what it sent. That a token can be decrypted proves little: anyone with
//! the public key can make one.

use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio::try_join;

use super::error::NodeFailure;
use super::flow_control::{BufferPool, FlowWindow};
use super::message::{Assignment, VerifiedTokens};
use super::part::PartHead;
use super::protocol::{FRAME_BYTES, FromClient, FromNode, PING_INTERVAL};
use crate::crypto::KeyFingerprint;
use crate::foundation::observer::Cancelled;
use crate::wire::runtime::blocking;
use crate::wire::{Link, Receiver, Sender, WireError};

/// What a session reports to the coordinator.
#[derive(Debug)]
pub(super) enum NodeEvent {
    /// This many more bytes of the node's part are verified.
    Progress(u64),
    /// All of the node's part is verified.
    Returned {
        head: PartHead,
        /// The file with its tokens.
        file: PathBuf,
    },
    /// The session has ended.
    Disconnected(NodeFailure),
}

/// Sends the events of one node.
#[derive(Debug, Clone)]
pub(super) struct EventSender {
    pub(super) node: KeyFingerprint,
    pub(super) events: mpsc::Sender<(KeyFingerprint, NodeEvent)>,
}

impl EventSender {
    async fn send(&self, event: NodeEvent) {
        // The coordinator may have stopped already.
        let _ = self.events.send((self.node, event)).await;
    }
}

/// Sends the node the parts that arrive in `assignments`, and pings it in between. Ends when `assignments` is closed or
/// the node fails.
pub(super) async fn run_session(mut link: Box<Link>, mut assignments: mpsc::Receiver<Assignment>, events: EventSender) {
    loop {
        let outcome = tokio::select! {
            assignment = assignments.recv() => match assignment {
                None => return send_final(&mut link, &FromClient::Done).await,
                Some(assignment) => exchange_part(&mut link, &assignment, &events).await,
            },
            // A node without a part sends nothing by itself, except that it fails.
            outcome = link.receiver.receive() => {
                outcome.map_err(NodeFailure::from).and_then(|(message, _)| Err(unexpected(message)))
            }
            () = sleep(PING_INTERVAL) => ping(&mut link).await,
        };
        if let Err(failure) = outcome {
            if matches!(failure, NodeFailure::Misbehaved(_)) {
                // The link is dropped, not closed: closing it could take as long as sending, if the node does not read.
                let _ = link.sender.send(&FromClient::Rejected, b"").await;
            }
            return events.send(NodeEvent::Disconnected(failure)).await;
        }
    }
}

async fn ping(link: &mut Link) -> Result<(), NodeFailure> {
    match link.request(&FromClient::Ping).await? {
        FromNode::Pong => Ok(()),
        message => Err(unexpected(message)),
    }
}

fn unexpected(message: FromNode) -> NodeFailure {
    match message {
        FromNode::Failed => NodeFailure::Failed,
        _ => NodeFailure::Misbehaved("an unexpected message"),
    }
}

/// Sends a last message and closes the link. Errors are ignored, since the peer may be gone.
pub(super) async fn send_final(link: &mut Link, message: &FromClient) {
    let _ = link.sender.send(message, b"").await;
    let _ = link.sender.close().await;
}

/// Sends a part and verifies the tokens that come back, both at the same time.
///
/// If sending, receiving or verifying fails, `try_join!` returns its error and drops the others.
async fn exchange_part(link: &mut Link, assignment: &Assignment, events: &EventSender) -> Result<(), NodeFailure> {
    // The next token may arrive while one is being verified.
    let (arriving, arrived) = mpsc::channel(1);
    let (window, buffers) = (FlowWindow::new(assignment.head), BufferPool::default());
    let sending = send_part(&mut link.sender, assignment, &window);
    let receiving = receive_tokens(&mut link.receiver, assignment.head, arriving, &window, &buffers);
    let ((), (), tokens) = try_join!(sending, receiving, verify_tokens(arrived, assignment, events, &buffers))?;
    let file = assignment.commit(tokens).await?;
    // The part is complete even if the node does not learn of it.
    let _ = link.sender.send(&FromClient::Accepted, b"").await;
    events.send(NodeEvent::Returned { head: assignment.head, file }).await;
    Ok(())
}

async fn send_part(sender: &mut Sender, assignment: &Assignment, window: &FlowWindow) -> Result<(), NodeFailure> {
    let (head, key) = (assignment.head, assignment.assembly.key.public_key());
    sender.send(&FromClient::Part(head), key.spki()).await?;
    let mut chunk = Vec::new();
    for number in 1..=head.chunks() {
        let part = assignment.clone();
        chunk = blocking(move || part.read_chunk(number, &mut chunk).map(|()| chunk)).await?;
        let offsets = (head.range(number).start..).step_by(FRAME_BYTES);
        for (data, offset) in chunk.chunks(FRAME_BYTES).zip(offsets) {
            window.wait_for_credit(offset).await;
            sender.send(&FromClient::Data, data).await?;
        }
    }
    Ok(())
}

/// Receives the tokens of all chunks, and `Finished`.
async fn receive_tokens(
    receiver: &mut Receiver,
    head: PartHead,
    arriving: mpsc::Sender<Vec<u8>>,
    window: &FlowWindow,
    buffers: &BufferPool,
) -> Result<(), NodeFailure> {
    for number in 1..=head.chunks() {
        let acknowledge = |bytes| window.acknowledge(number, bytes);
        let token = receive_token(receiver, buffers.take(), head.max_token_bytes(), acknowledge).await?;
        // Fails only if `verify_tokens` has failed.
        arriving.send(token).await.map_err(|_| WireError::from(Cancelled))?;
    }
    match receiver.receive().await? {
        (FromNode::Finished, body) if body.is_empty() => Ok(()),
        (FromNode::Failed, _) => Err(NodeFailure::Failed),
        _ => Err(NodeFailure::Misbehaved("a message after the last token")),
    }
}

/// Receives one token into `token`. All its frames must be full except the last. `acknowledge` gets the length of the
/// token so far.
async fn receive_token(
    receiver: &mut Receiver,
    mut token: Vec<u8>,
    max_bytes: usize,
    acknowledge: impl Fn(usize),
) -> Result<Vec<u8>, NodeFailure> {
    token.clear();
    loop {
        let (last, data) = match receiver.receive().await? {
            (FromNode::Token { last }, data) => (last, data),
            (FromNode::Failed, _) => return Err(NodeFailure::Failed),
            _ => return Err(NodeFailure::Misbehaved("another message instead of a token")),
        };
        if data.len() > FRAME_BYTES || (data.len() < FRAME_BYTES && !last) {
            return Err(NodeFailure::Misbehaved("a frame of the wrong length"));
        }
        if token.len() + data.len() > max_bytes {
            return Err(NodeFailure::Misbehaved("a token that is too long"));
        }
        token.extend_from_slice(&data);
        acknowledge(token.len());
        if last {
            return Ok(token);
        }
    }
}

/// Verifies the tokens of all chunks in order, and writes them to a file.
async fn verify_tokens(
    mut arrived: mpsc::Receiver<Vec<u8>>,
    assignment: &Assignment,
    events: &EventSender,
    buffers: &BufferPool,
) -> Result<VerifiedTokens, NodeFailure> {
    let mut verified = assignment.create_token_file()?;
    for number in 1..=assignment.head.chunks() {
        // The channel is open until all tokens are through, unless `receive_tokens` has failed.
        let token = arrived.recv().await.ok_or(WireError::from(Cancelled))?;
        let (part, buffers) = (assignment.clone(), buffers.clone());
        verified = blocking(move || {
            let outcome = part.verify(number, &token, &mut verified);
            buffers.put(token);
            outcome.map(|()| verified)
        })
        .await?;
        events.send(NodeEvent::Progress(assignment.head.chunk_len(number) as u64)).await;
    }
    Ok(verified)
}
