//! The two sockets of a connection, which end together.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

use super::plan::Direction;
use crate::faults::weather::Ending;

/// The most time between two looks whether a connection has ended, while it takes no more bytes.
const LOOK: Duration = Duration::from_millis(50);

/// Both sockets. They are closed when this is dropped, which is soon after it ended.
pub(super) struct Ends {
    client: TcpStream,
    server: TcpStream,
    over: Mutex<bool>,
    ended: Condvar,
}

impl Ends {
    pub(super) fn new(client: TcpStream, server: TcpStream) -> io::Result<Self> {
        for socket in [&client, &server] {
            socket.set_nodelay(true)?;
            socket.set_write_timeout(Some(LOOK))?;
        }
        Ok(Self { client, server, over: Mutex::new(false), ended: Condvar::new() })
    }

    /// The one that lies in this direction.
    pub(super) fn end_of(&self, direction: Direction) -> End<'_> {
        let socket = if direction == Direction::ToServer { &self.server } else { &self.client };
        End { socket, ends: self }
    }

    /// Whoever reads or waits is woken. After a reset, no end is sent but that of the dropped sockets.
    pub(super) fn end(&self, ending: Ending) {
        let mut over = self.over.lock().unwrap();
        if std::mem::replace(&mut *over, true) {
            return;
        }
        for socket in [&self.client, &self.server] {
            // A side that is gone already cannot be told.
            drop(match ending {
                Ending::Close => socket.shutdown(Shutdown::Both),
                Ending::Reset => reset_when_closed(socket).and_then(|()| socket.shutdown(Shutdown::Read)),
            });
        }
        self.ended.notify_all();
    }

    pub(super) fn is_over(&self) -> bool {
        *self.over.lock().unwrap()
    }

    /// Waits until the end.
    pub(super) fn wait(&self) {
        drop(self.ended.wait_while(self.over.lock().unwrap(), |over| !*over).unwrap());
    }

    /// Waits so long, or until the end.
    pub(super) fn wait_for(&self, time: Duration) {
        drop(self.ended.wait_timeout_while(self.over.lock().unwrap(), time, |over| !*over).unwrap());
    }
}

/// One of the sockets. A write waits for as long as nothing has ended.
#[derive(Clone, Copy)]
pub(super) struct End<'a> {
    pub(super) socket: &'a TcpStream,
    ends: &'a Ends,
}

impl End<'_> {
    /// Says that no more will come, unless it has been told in another way.
    pub(super) fn finish(self) {
        if !self.ends.is_over() {
            // Who is gone already need not be told.
            drop(self.socket.shutdown(Shutdown::Write));
        }
    }
}

impl Read for End<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.socket.read(bytes)
    }
}

impl Write for End<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        while !self.ends.is_over() {
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

/// What has not been read or sent by then is lost, and the other side told so.
pub(super) fn reset_when_closed(socket: &TcpStream) -> io::Result<()> {
    Ok(set_socket_linger(socket, Some(Duration::ZERO))?)
}
