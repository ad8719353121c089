//! The two sockets of a proxied connection, which are closed together.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

use super::manipulation::Direction;
use crate::faults::fault_plan::Ending;

/// Interval at which a blocked write checks whether the pair was closed.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Both sockets of a proxied connection.
pub(super) struct SocketPair {
    client: TcpStream,
    server: TcpStream,
    closed: Mutex<bool>,
    on_close: Condvar,
}

impl SocketPair {
    pub(super) fn new(client: TcpStream, server: TcpStream) -> io::Result<Self> {
        for socket in [&client, &server] {
            socket.set_nodelay(true)?;
            socket.set_write_timeout(Some(POLL_INTERVAL))?;
        }
        Ok(Self { client, server, closed: Mutex::new(false), on_close: Condvar::new() })
    }

    /// The socket to the side that bytes in this direction go to.
    pub(super) fn toward(&self, direction: Direction) -> PairedSocket<'_> {
        let socket = if direction == Direction::ToServer { &self.server } else { &self.client };
        PairedSocket { socket, pair: self }
    }

    /// Closes both sockets and wakes blocked readers and waiters. A reset is sent when the sockets are dropped.
    pub(super) fn close(&self, ending: Ending) {
        let mut closed = self.closed.lock().unwrap();
        if std::mem::replace(&mut *closed, true) {
            return;
        }
        for socket in [&self.client, &self.server] {
            // Fails if that side has already disconnected.
            let _ = match ending {
                Ending::Close => socket.shutdown(Shutdown::Both),
                Ending::Reset => reset_on_drop(socket).and_then(|()| socket.shutdown(Shutdown::Read)),
            };
        }
        self.on_close.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        *self.closed.lock().unwrap()
    }

    /// Waits until the pair is closed.
    pub(super) fn wait_until_closed(&self) {
        let _closed = self.on_close.wait_while(self.closed.lock().unwrap(), |closed| !*closed).unwrap();
    }

    /// Waits for this time, or until the pair is closed.
    pub(super) fn wait(&self, time: Duration) {
        let _closed = self.on_close.wait_timeout_while(self.closed.lock().unwrap(), time, |closed| !*closed).unwrap();
    }
}

/// One socket of a pair. Writes block until the pair is closed.
#[derive(Clone, Copy)]
pub(super) struct PairedSocket<'a> {
    pub(super) socket: &'a TcpStream,
    pair: &'a SocketPair,
}

impl PairedSocket<'_> {
    /// Sends the end of the stream, unless the pair was closed.
    pub(super) fn finish(self) {
        if !self.pair.is_closed() {
            // Fails if that side has already disconnected.
            let _ = self.socket.shutdown(Shutdown::Write);
        }
    }
}

impl Read for PairedSocket<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.socket.read(bytes)
    }
}

impl Write for PairedSocket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        while !self.pair.is_closed() {
            match self.socket.write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
        Err(ErrorKind::NotConnected.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes the socket send a reset when it is dropped; unread and unsent bytes are lost.
pub(super) fn reset_on_drop(socket: &TcpStream) -> io::Result<()> {
    Ok(set_socket_linger(socket, Some(Duration::ZERO))?)
}
