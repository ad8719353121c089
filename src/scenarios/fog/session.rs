//! One node, as long as it is here.

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::assembly::Assignment;
use super::fault::Fault;
use super::give::give;
use super::news::{News, Reporter};
use super::protocol::{FromClient, FromNode, HEARTBEAT};
use crate::wire::Link;

/// Attends to the node at the other end: gives it what there is for it, and makes sure meanwhile that it is there. Ends when
/// there is nothing more to give, or the node is gone.
pub(super) async fn attend(mut link: Box<Link>, mut orders: mpsc::Receiver<Assignment>, reporter: Reporter) {
    loop {
        let outcome = tokio::select! {
            order = orders.recv() => match order {
                None => return dismiss(link).await,
                Some(assignment) => handle(&mut link, &assignment, &reporter).await,
            },
            outcome = link.receiver.receive_within(2 * HEARTBEAT) => {
                outcome.map_err(Fault::from).and_then(|(said, _): (FromNode, _)| Err(unasked(said)))
            }
            () = sleep(HEARTBEAT) => beat(&mut link).await,
        };
        if let Err(fault) = outcome {
            if matches!(fault, Fault::Dishonest(_)) {
                drop(link.sender.send(&FromClient::Rejected, b"").await);
            }
            return reporter.tell(News::Gone(fault)).await;
        }
    }
}

async fn handle(link: &mut Link, assignment: &Assignment, reporter: &Reporter) -> Result<(), Fault> {
    let file = give(link, assignment, reporter).await?;
    reporter.tell(News::Returned(file)).await;
    Ok(())
}

async fn beat(link: &mut Link) -> Result<(), Fault> {
    match link.ask(&FromClient::Wait).await? {
        FromNode::Here => Ok(()),
        said => Err(unasked(said)),
    }
}

fn unasked(said: FromNode) -> Fault {
    match said {
        FromNode::Unable => Fault::Unable,
        _ => Fault::Dishonest("it speaks without being asked"),
    }
}

/// Says that there is nothing to do any more.
async fn dismiss(mut link: Box<Link>) {
    farewell(&mut link, &FromClient::Rest).await;
}

/// Says a last word, if anybody still listens.
pub(super) async fn farewell(link: &mut Link, word: &FromClient) {
    drop(link.sender.send(word, b"").await);
    drop(link.sender.close().await);
}
