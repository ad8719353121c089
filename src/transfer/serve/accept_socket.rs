//! Accepting TCP connections without blocking a shutdown.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::{set_socket_keepalive, set_socket_oobinline};

use super::super::deadline::TICK;

/// Waits for the next connection; returns `None` if none is pending and `is_stopping` returns true.
pub(super) fn accept(
    listener: &TcpListener,
    is_stopping: &dyn Fn() -> bool,
) -> io::Result<Option<(TcpStream, SocketAddr)>> {
    loop {
        if let Some(accepted) = try_accept(listener)? {
            return Ok(Some(accepted));
        }
        if is_stopping() {
            return Ok(None);
        }
        let tick = Timespec { tv_sec: 0, tv_nsec: i64::from(TICK.subsec_nanos()) };
        match poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&tick)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Returns the next pending connection, if there is one.
pub(super) fn try_accept(listener: &TcpListener) -> io::Result<Option<(TcpStream, SocketAddr)>> {
    listener.set_nonblocking(true)?;
    match listener.accept() {
        Ok((socket, peer)) => {
            socket.set_nonblocking(false)?;
            Ok(Some((socket, SocketAddr::new(peer.ip().to_canonical(), peer.port()))))
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        // The peer closed the connection before it was accepted.
        Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sets the options of a control connection's socket. With keep-alive the kernel notices peers that vanished. Urgent
/// data is read in line, since a client may send ABOR as urgent data (RFC 959, section 4.1.3).
pub(super) fn configure_control_socket(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    set_socket_oobinline(socket, true)?;
    Ok(set_socket_keepalive(socket, true)?)
}
