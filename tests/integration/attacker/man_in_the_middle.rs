//! The man in the middle: terminates TLS on both sides, and forwards the decrypted bytes from one to the other.

use std::io;
use std::time::Duration;

use super::impersonation::Impersonator;
use super::log::ConnectionLog;
use super::manipulation::Direction;
use super::socket_pair::{PairedSocket, SocketPair};
use super::tls::{ProtocolNames, TlsStream};
use crate::faults::fault_plan::Ending;

/// How long a side has for each step of a handshake.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long one side is read from before it is the other's turn.
const TURN: Duration = Duration::from_millis(10);

/// Does the handshakes with the client and then with the server, and forwards what they send. Rejections are recorded.
pub(super) fn intercept(impersonator: &Impersonator, pair: &SocketPair, log: &ConnectionLog) {
    match accept_client(impersonator, pair.toward(Direction::ToClient), log) {
        Ok((client, names)) => {
            let server = with_read_timeout(pair.toward(Direction::ToServer), TIMEOUT);
            let server = server.and_then(|server| impersonator.connect(server, names));
            forward(Side::new(Direction::ToClient, Ok(client), log), Side::new(Direction::ToServer, server, log), pair);
        }
        Err(error) => log.reject(Direction::ToClient, &error),
    }
    pair.close(Ending::Close);
}

/// Does the client's handshake. Returns its stream and the ALPN protocols that it offers.
fn accept_client<'a>(
    impersonator: &Impersonator,
    socket: PairedSocket<'a>,
    log: &ConnectionLog,
) -> io::Result<(TlsStream<PairedSocket<'a>>, ProtocolNames)> {
    let (connection, names) = impersonator.accept(with_read_timeout(socket, TIMEOUT)?)?;
    log.count_manipulation();
    Ok((TlsStream::handshake(connection, socket)?, names))
}

fn with_read_timeout(socket: PairedSocket<'_>, time: Duration) -> io::Result<PairedSocket<'_>> {
    socket.socket.set_read_timeout(Some(time))?;
    Ok(socket)
}

fn forward<'a>(mut client: Side<'a>, mut server: Side<'a>, pair: &'a SocketPair) {
    if !server.is_open() {
        client.close();
    }
    while (client.is_open() || server.is_open()) && !pair.is_closed() {
        client.forward_to(&mut server);
        server.forward_to(&mut client);
    }
}

/// One side of an intercepted connection.
struct Side<'a> {
    /// The direction in which bytes reach this side.
    direction: Direction,
    stream: Option<TlsStream<PairedSocket<'a>>>,
    ended: bool,
    log: &'a ConnectionLog,
}

impl<'a> Side<'a> {
    fn new(direction: Direction, stream: io::Result<TlsStream<PairedSocket<'a>>>, log: &'a ConnectionLog) -> Self {
        let stream = stream.and_then(|stream| {
            with_read_timeout(stream.socket, TURN)?;
            Ok(stream)
        });
        let stream = stream.map_err(|error| log.reject(direction, &error)).ok();
        Self { direction, ended: stream.is_none(), stream, log }
    }

    fn is_open(&self) -> bool {
        !self.ended
    }

    /// Reads what this side sends and forwards it, if the other side is still open.
    fn forward_to(&mut self, other: &mut Self) {
        let Some(stream) = self.stream.as_mut().filter(|_| !self.ended) else { return };
        match stream.receive() {
            Ok(Some(bytes)) => {
                self.log.record(self.direction.opposite(), &bytes);
                if let Some(other) = &mut other.stream {
                    // If the other side rejects it, its alert is read on its own turn.
                    let _ = other.send(&bytes);
                }
                return;
            }
            Ok(None) => {}
            Err(error) => self.log.reject(self.direction, &error),
        }
        self.ended = true;
        other.close();
    }

    /// Sends the end of the stream to this side.
    fn close(&mut self) {
        if let Some(stream) = &mut self.stream {
            // Fails if the side has already disconnected.
            let _ = stream.close_notify();
            stream.socket.finish();
        }
    }
}
