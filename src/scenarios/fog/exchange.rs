//! One part to one node, and back.

use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio::try_join;

use super::assembly::{Assignment, Intake};
use super::buffer_pool::BufferPool;
use super::node_event::{EventSender, NodeEvent};
use super::node_failure::NodeFailure;
use super::protocol::{FromClient, FromNode, PIECE, PartHead};
use super::window::FlowWindow;
use crate::wire::runtime::blocking;
use crate::wire::{Link, Receiver, Sender};

/// Gives the part to the node at the other end and takes it back encrypted; returns the file with its tokens.
pub(super) async fn exchange_part(
    link: &mut Link,
    assignment: &Assignment,
    reporter: &EventSender,
) -> Result<PathBuf, NodeFailure> {
    // While one token is opened, the next may come.
    let (arriving, arrived) = mpsc::channel(1);
    let (lead, spares) = (FlowWindow::new(assignment.head), BufferPool::default());
    let sending = send(&mut link.sender, assignment, &lead);
    let receiving = receive(&mut link.receiver, assignment.head, arriving, &lead, &spares);
    let ((), (), intake) = try_join!(sending, receiving, open(arrived, assignment, reporter, &spares))?;
    let committed = blocking(move || intake.tokens.commit_unique()).await;
    let file = committed.map_err(assignment.assembly.files.failed(&assignment.head.token_file_name()))?;
    // The part is here, whether or not the node still hears that.
    drop(link.sender.send(&FromClient::Accepted, b"").await);
    Ok(file)
}

async fn send(sender: &mut Sender, assignment: &Assignment, lead: &FlowWindow) -> Result<(), NodeFailure> {
    let key = assignment.assembly.key.public_key();
    sender.send(&FromClient::Part(assignment.head), key.spki()).await?;
    let mut chunk = Vec::new();
    for number in 1..=assignment.head.chunks() {
        let part = assignment.clone();
        chunk = blocking(move || part.chunk(number, &mut chunk).map(|()| chunk)).await?;
        let places = (assignment.head.place(number).start..).step_by(PIECE);
        for (piece, place) in chunk.chunks(PIECE).zip(places) {
            lead.wait_for_credit(place).await;
            sender.send(&FromClient::Data, piece).await?;
        }
    }
    Ok(())
}

/// So many tokens, and the word that these were all.
async fn receive(
    receiver: &mut Receiver,
    head: PartHead,
    arriving: mpsc::Sender<Vec<u8>>,
    lead: &FlowWindow,
    spares: &BufferPool,
) -> Result<(), NodeFailure> {
    for number in 1..=head.chunks() {
        let told = |bytes| lead.acknowledge(number, bytes);
        let token = token(receiver, spares.take(), head.longest_token(), told).await?;
        if arriving.send(token).await.is_err() {
            // The one before was wrong, and that is told elsewhere.
            return Ok(());
        }
    }
    match receiver.receive().await? {
        (FromNode::Finished, body) if body.is_empty() => Ok(()),
        (FromNode::Failed, _) => Err(NodeFailure::Failed),
        _ => Err(NodeFailure::Dishonest("it does not end where its part does")),
    }
}

/// The pieces of one token, all of them full but the last. How much there is of it is told at each.
async fn token(
    receiver: &mut Receiver,
    mut token: Vec<u8>,
    longest: usize,
    told: impl Fn(usize),
) -> Result<Vec<u8>, NodeFailure> {
    token.clear();
    loop {
        let (last, piece) = match receiver.receive().await? {
            (FromNode::Token { last }, piece) => (last, piece),
            (FromNode::Failed, _) => return Err(NodeFailure::Failed),
            _ => return Err(NodeFailure::Dishonest("it says something else where its part should come")),
        };
        if piece.len() > PIECE || (piece.len() < PIECE && !last) || token.len() + piece.len() > longest {
            return Err(NodeFailure::Dishonest("the pieces of its answer have other lengths than they should"));
        }
        token.extend_from_slice(&piece);
        told(token.len());
        if last {
            return Ok(token);
        }
    }
}

async fn open(
    mut arrived: mpsc::Receiver<Vec<u8>>,
    assignment: &Assignment,
    reporter: &EventSender,
    spares: &BufferPool,
) -> Result<Intake, NodeFailure> {
    let mut intake = assignment.intake()?;
    let mut number = 0;
    while let Some(token) = arrived.recv().await {
        number += 1;
        let (part, spares) = (assignment.clone(), spares.clone());
        intake = blocking(move || {
            let taken = part.take(number, &token, &mut intake);
            spares.put(token);
            taken.map(|()| intake)
        })
        .await?;
        let place = assignment.head.place(number);
        reporter.send(NodeEvent::Progress(place.end - place.start)).await;
    }
    Ok(intake)
}
