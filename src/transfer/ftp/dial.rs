//! Connecting, as long as somebody wants it.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::super::deadline::{CloseReason, Deadline, TICK};
use super::super::error::TransferError;
use super::super::location::FtpAddress;
use crate::foundation::observer::Cancelled;

/// Connects to the first of the server's addresses that answers.
pub(super) fn dial(address: &FtpAddress, timeout: Duration, watch: &Deadline) -> Result<TcpStream, TransferError> {
    let location = address.endpoint();
    let unreachable = |source: io::Error| match source.kind() {
        _ if watch.close_reason() == Some(CloseReason::Wanted) => Cancelled.into(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            let (location, doing) = (location.clone(), "connecting".into());
            TransferError::Timeout { location, seconds: timeout.as_secs(), doing }
        }
        _ => TransferError::Unreachable { location: location.clone(), source },
    };
    let found = addresses(address, timeout, watch).map_err(unreachable)?;
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

/// Where the host is, by the system's resolver.
fn addresses(address: &FtpAddress, timeout: Duration, watch: &Deadline) -> io::Result<Vec<SocketAddr>> {
    let (host, port) = (address.host.clone(), address.port);
    in_background(watch, timeout, move || (host.as_str(), port).to_socket_addrs().map(Iterator::collect))
}

/// Connects, or ends when `watch` says that nobody wants it any more.
pub(super) fn connect(address: SocketAddr, timeout: Duration, watch: &Deadline) -> io::Result<TcpStream> {
    // The attempt ends itself.
    in_background(watch, Duration::MAX, move || TcpStream::connect_timeout(&address, timeout))
}

/// Does what cannot be called off in a thread of its own, and stops waiting for it after `patience` or when `watch` says that
/// nobody wants it any more.
fn in_background<T: Send + 'static>(
    watch: &Deadline,
    patience: Duration,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (done, outcome) = channel();
    // Who gave up does not hear of it.
    thread::Builder::new().spawn(move || drop(done.send(work())))?;
    let begun = Instant::now();
    loop {
        match outcome.recv_timeout(TICK) {
            Ok(outcome) => return outcome,
            Err(RecvTimeoutError::Timeout) if begun.elapsed() > patience => return Err(io::ErrorKind::TimedOut.into()),
            Err(RecvTimeoutError::Timeout) if watch.close_reason() != Some(CloseReason::Wanted) => {}
            Err(_) => return Err(io::ErrorKind::Interrupted.into()),
        }
    }
}
