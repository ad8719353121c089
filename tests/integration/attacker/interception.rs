//! The impostor's conversation with both sides: clear text goes from one TLS connection to the other.

use std::io;
use std::time::Duration;

use super::ends::{End, Ends};
use super::impostor::Impostor;
use super::log::Log;
use super::plan::Direction;
use super::tls::Side;
use crate::faults::weather::Ending;

/// How long a victim has for each step of a handshake.
const PATIENCE: Duration = Duration::from_secs(10);

/// For which one side is listened to before the other.
const TURN: Duration = Duration::from_millis(10);

/// Shakes hands with the client and then with the server, and passes on what they say; each refusal is noted.
pub(super) fn intercept(impostor: &Impostor, ends: &Ends, log: &Log) {
    match meet_client(impostor, ends.end_of(Direction::ToClient), log) {
        Ok((client, names)) => {
            let server = give(ends.end_of(Direction::ToServer), PATIENCE);
            let server = server.and_then(|server| impostor.approach(server, names));
            converse(
                Party::new(Direction::ToClient, Ok(client), log),
                Party::new(Direction::ToServer, server, log),
                ends,
            );
        }
        Err(error) => log.refuse(Direction::ToClient, &error),
    }
    ends.end(Ending::Close);
}

/// Gives the client's side, and the protocols that it offers.
fn meet_client<'a>(impostor: &Impostor, end: End<'a>, log: &Log) -> io::Result<(Side<End<'a>>, Vec<Vec<u8>>)> {
    let (connection, names) = impostor.receive(give(end, PATIENCE)?)?;
    log.strike();
    Ok((Side::shake_hands(connection, end)?, names))
}

fn give(end: End<'_>, time: Duration) -> io::Result<End<'_>> {
    end.socket.set_read_timeout(Some(time))?;
    Ok(end)
}

fn converse<'a>(mut client: Party<'a>, mut server: Party<'a>, ends: &'a Ends) {
    if !server.talks() {
        client.dismiss();
    }
    while (client.talks() || server.talks()) && !ends.is_over() {
        client.tell(&mut server);
        server.tell(&mut client);
    }
}

/// One side of the conversation, as long as there is any.
struct Party<'a> {
    lies: Direction,
    side: Option<Side<End<'a>>>,
    ended: bool,
    log: &'a Log,
}

impl<'a> Party<'a> {
    fn new(lies: Direction, side: io::Result<Side<End<'a>>>, log: &'a Log) -> Self {
        let side = side.and_then(|side| {
            give(side.socket, TURN)?;
            Ok(side)
        });
        let side = side.map_err(|error| log.refuse(lies, &error)).ok();
        Self { lies, ended: side.is_none(), side, log }
    }

    fn talks(&self) -> bool {
        !self.ended
    }

    /// Hears what this one says and tells the other, if that one is still there.
    fn tell(&mut self, other: &mut Self) {
        let Some(side) = self.side.as_mut().filter(|_| !self.ended) else { return };
        match side.hear() {
            Ok(Some(bytes)) => {
                self.log.hear(self.lies.opposite(), &bytes);
                // Its refusal is heard, not met here.
                drop(other.side.as_mut().map(|other| other.say(&bytes)));
                return;
            }
            Ok(None) => {}
            Err(error) => self.log.refuse(self.lies, &error),
        }
        self.ended = true;
        other.dismiss();
    }

    /// Says that no more will come; whether it is heard is its own affair.
    fn dismiss(&mut self) {
        if let Some(side) = &mut self.side {
            drop(side.say_goodbye());
            side.socket.finish();
        }
    }
}
