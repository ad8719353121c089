//! One node, as long as it is here.

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::assembly::Assignment;
use super::exchange::exchange_part;
use super::node_event::{EventSender, NodeEvent};
use super::node_failure::NodeFailure;
use super::protocol::{FromClient, FromNode, HEARTBEAT};
use crate::wire::Link;

/// Attends to the node at the other end: gives it what there is for it, and makes sure meanwhile that it is there. Ends when
/// there is nothing more to give, or the node is gone.
pub(super) async fn run(mut link: Box<Link>, mut orders: mpsc::Receiver<Assignment>, reporter: EventSender) {
    loop {
        let outcome = tokio::select! {
            order = orders.recv() => match order {
                None => return finish(link).await,
                Some(assignment) => handle(&mut link, &assignment, &reporter).await,
            },
            outcome = link.receiver.receive_within(2 * HEARTBEAT) => {
                outcome.map_err(NodeFailure::from).and_then(|(said, _): (FromNode, _)| Err(unexpected(said)))
            }
            () = sleep(HEARTBEAT) => ping(&mut link).await,
        };
        if let Err(fault) = outcome {
            if matches!(fault, NodeFailure::Dishonest(_)) {
                drop(link.sender.send(&FromClient::Rejected, b"").await);
            }
            return reporter.send(NodeEvent::Gone(fault)).await;
        }
    }
}

async fn handle(link: &mut Link, assignment: &Assignment, reporter: &EventSender) -> Result<(), NodeFailure> {
    let file = exchange_part(link, assignment, reporter).await?;
    reporter.send(NodeEvent::Returned(file)).await;
    Ok(())
}

async fn ping(link: &mut Link) -> Result<(), NodeFailure> {
    match link.request(&FromClient::Ping).await? {
        FromNode::Pong => Ok(()),
        said => Err(unexpected(said)),
    }
}

fn unexpected(said: FromNode) -> NodeFailure {
    match said {
        FromNode::Failed => NodeFailure::Failed,
        _ => NodeFailure::Dishonest("it speaks without being asked"),
    }
}

/// Says that there is nothing to do any more.
async fn finish(mut link: Box<Link>) {
    send_final(&mut link, &FromClient::Done).await;
}

/// Says a last word, if anybody still listens.
pub(super) async fn send_final(link: &mut Link, word: &FromClient) {
    drop(link.sender.send(word, b"").await);
    drop(link.sender.close().await);
}
