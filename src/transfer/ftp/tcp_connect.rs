//! TCP connections that can be cancelled while the system resolves a name or connects.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::super::deadline::{CloseReason, Deadline, TICK};
use super::super::error::TransferError;
use super::super::location::FtpAddress;
use crate::foundation::observer::Cancelled;

/// Looks up the server's host name and connects to the first of its addresses that accepts. The timeout applies to the
/// lookup, and again to each address.
///
/// # Errors
/// [`TransferError::Timeout`] if the lookup or the last address timed out, and also if the system cannot start a thread
/// (`WouldBlock`); [`TransferError::Unreachable`] for other errors; [`TransferError::Cancelled`] once `deadline` is
/// closed on request. The thread of a cancelled call lives on until its system call returns.
pub(super) fn connect_to_host(
    address: &FtpAddress,
    timeout: Duration,
    deadline: &Deadline,
) -> Result<TcpStream, TransferError> {
    let is_cancelled = || deadline.close_reason() == Some(CloseReason::Requested);
    let location = address.endpoint();
    let failed = |source: io::Error| match source.kind() {
        _ if is_cancelled() => Cancelled.into(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            let (location, operation) = (location.clone(), "connecting".into());
            TransferError::Timeout { location, seconds: timeout.as_secs(), operation }
        }
        _ => TransferError::Unreachable { location: location.clone(), source },
    };
    let candidates = resolve(address, timeout, deadline).map_err(failed)?;
    let mut last_error = io::Error::other("the host name has no address");
    for candidate in candidates {
        match connect_to_address(candidate, timeout, deadline) {
            Ok(socket) => {
                socket.set_nodelay(true).map_err(failed)?;
                return Ok(socket);
            }
            Err(error) => last_error = error,
        }
        if is_cancelled() {
            break;
        }
    }
    Err(failed(last_error))
}

/// Looks up the addresses of the host with the system's resolver.
fn resolve(address: &FtpAddress, timeout: Duration, deadline: &Deadline) -> io::Result<Vec<SocketAddr>> {
    let (host, port) = (address.host.clone(), address.port);
    in_background(deadline, timeout, move || (host.as_str(), port).to_socket_addrs().map(Iterator::collect))
}

/// Connects within `timeout`, or until `deadline` is closed on request.
pub(super) fn connect_to_address(address: SocketAddr, timeout: Duration, deadline: &Deadline) -> io::Result<TcpStream> {
    // `connect_timeout` enforces the timeout.
    in_background(deadline, Duration::MAX, move || TcpStream::connect_timeout(&address, timeout))
}

/// Runs `work`, which cannot be interrupted, in a thread of its own. Stops waiting for it after `timeout`, or when
/// `deadline` is closed on request.
fn in_background<T: Send + 'static>(
    deadline: &Deadline,
    timeout: Duration,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (sender, receiver) = channel();
    // Sending fails if the caller no longer waits.
    thread::Builder::new().spawn(move || {
        let _ = sender.send(work());
    })?;
    let start = Instant::now();
    loop {
        match receiver.recv_timeout(TICK) {
            Ok(outcome) => return outcome,
            Err(RecvTimeoutError::Timeout) if start.elapsed() > timeout => return Err(io::ErrorKind::TimedOut.into()),
            Err(RecvTimeoutError::Timeout) if deadline.close_reason() != Some(CloseReason::Requested) => {}
            Err(RecvTimeoutError::Timeout) => return Err(io::ErrorKind::Interrupted.into()),
            Err(RecvTimeoutError::Disconnected) => return Err(io::Error::other("the connecting thread panicked")),
        }
    }
}
