//! Connecting, as long as somebody wants it.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::super::error::TransferError;
use super::super::location::FtpAddress;
use super::super::watch::{Cut, TICK, Watch};
use super::failure::Failure;
use crate::foundation::observer::Stopped;

/// Connects to the first of the server's addresses that answers.
pub(super) fn dial(address: &FtpAddress, timeout: Duration, watch: &Watch) -> Result<TcpStream, Failure> {
    let location = address.endpoint();
    let unreachable = |source: io::Error| match source.kind() {
        _ if watch.why() == Some(Cut::Wanted) => Failure::lasting(Stopped.into()),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            let (location, doing) = (location.clone(), "connecting".into());
            Failure::passing(TransferError::Timeout { location, seconds: timeout.as_secs(), doing })
        }
        _ => Failure::passing(TransferError::Unreachable { location: location.clone(), source }),
    };
    let found = (address.host.as_str(), address.port).to_socket_addrs().map_err(unreachable)?;
    let mut last = io::ErrorKind::NotFound.into();
    for candidate in found {
        match connect(candidate, timeout, watch) {
            Ok(socket) => {
                socket.set_nodelay(true).map_err(unreachable)?;
                return Ok(socket);
            }
            Err(error) => last = error,
        }
    }
    Err(unreachable(last))
}

/// Connects, or ends when `watch` says that nobody wants it any more. The attempt itself cannot be called off, so a thread of
/// its own waits for it.
pub(super) fn connect(address: SocketAddr, timeout: Duration, watch: &Watch) -> io::Result<TcpStream> {
    let (done, outcome) = channel();
    let attempt = move || {
        // Who gave up does not hear of it.
        drop(done.send(TcpStream::connect_timeout(&address, timeout)));
    };
    thread::Builder::new().spawn(attempt)?;
    loop {
        match outcome.recv_timeout(TICK) {
            Ok(outcome) => return outcome,
            Err(RecvTimeoutError::Timeout) if watch.why() != Some(Cut::Wanted) => {}
            Err(_) => return Err(io::ErrorKind::Interrupted.into()),
        }
    }
}
