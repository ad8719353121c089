//! The client's session with one node: heartbeats, and at most one part at a time, out and back.
//!
//! The client compares each returned chunk with what it sent. A token that opens proves little: JWE does not say who
//! made it, and a node could encrypt anything.

use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio::try_join;

use super::error::NodeFailure;
use super::flow::{BufferPool, FlowWindow};
use super::message::{Assignment, VerifiedTokens};
use super::part::PartHead;
use super::protocol::{FRAME_BYTES, FromClient, FromNode, HEARTBEAT};
use crate::crypto::KeyFingerprint;
use crate::wire::runtime::blocking;
use crate::wire::{Link, Receiver, Sender};

/// What a session reports to the coordinator.
#[derive(Debug)]
pub(super) enum NodeEvent {
    /// This many more bytes of the node's part are verified.
    Progress(u64),
    /// All of the node's part is verified; its tokens are in this file.
    Returned(PathBuf),
    /// The session has ended.
    Gone(NodeFailure),
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
pub(super) async fn run(mut link: Box<Link>, mut assignments: mpsc::Receiver<Assignment>, events: EventSender) {
    loop {
        let outcome = tokio::select! {
            assignment = assignments.recv() => match assignment {
                None => return send_final(&mut link, &FromClient::Done).await,
                Some(assignment) => exchange_part(&mut link, &assignment, &events).await,
            },
            outcome = link.receiver.receive_within(2 * HEARTBEAT) => {
                outcome.map_err(NodeFailure::from).and_then(|(message, _)| Err(unexpected(message)))
            }
            () = sleep(HEARTBEAT) => ping(&mut link).await,
        };
        if let Err(failure) = outcome {
            if matches!(failure, NodeFailure::Dishonest(_)) {
                let _ = link.sender.send(&FromClient::Rejected, b"").await;
            }
            return events.send(NodeEvent::Gone(failure)).await;
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
        _ => NodeFailure::Dishonest("an unexpected message"),
    }
}

/// Sends a last message and closes the link. Errors are ignored, since the peer may be gone.
pub(super) async fn send_final(link: &mut Link, message: &FromClient) {
    let _ = link.sender.send(message, b"").await;
    let _ = link.sender.close().await;
}

/// Sends a part and verifies the tokens that come back, both at once.
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
    events.send(NodeEvent::Returned(file)).await;
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
        if arriving.send(token).await.is_err() {
            // An earlier token was wrong. `verify_tokens` returns that error.
            return Ok(());
        }
    }
    match receiver.receive().await? {
        (FromNode::Finished, body) if body.is_empty() => Ok(()),
        (FromNode::Failed, _) => Err(NodeFailure::Failed),
        _ => Err(NodeFailure::Dishonest("its answer does not end with its part")),
    }
}

/// Receives one token into `token`. All its frames must be full except the last. `acknowledge` gets the length received
/// so far.
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
            _ => return Err(NodeFailure::Dishonest("another message where a token was expected")),
        };
        if data.len() > FRAME_BYTES || (data.len() < FRAME_BYTES && !last) || token.len() + data.len() > max_bytes {
            return Err(NodeFailure::Dishonest("a frame or token of the wrong length"));
        }
        token.extend_from_slice(&data);
        acknowledge(token.len());
        if last {
            return Ok(token);
        }
    }
}

async fn verify_tokens(
    mut arrived: mpsc::Receiver<Vec<u8>>,
    assignment: &Assignment,
    events: &EventSender,
    buffers: &BufferPool,
) -> Result<VerifiedTokens, NodeFailure> {
    let mut verified = assignment.create_token_file()?;
    let mut number = 0;
    while let Some(token) = arrived.recv().await {
        number += 1;
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
