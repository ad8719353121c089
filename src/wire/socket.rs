//! Sockets as links use them.

use std::io;

use tokio::io::BufReader;
use tokio::net::TcpStream;

/// What is read from a socket at a time: rustls alone would ask for less.
const BUFFER: usize = 64 << 10;

/// Small frames go at once, the kernel notices peers that vanished, and reads are large.
pub(super) fn prepare(socket: TcpStream) -> io::Result<BufReader<TcpStream>> {
    socket.set_nodelay(true)?;
    rustix::net::sockopt::set_socket_keepalive(&socket, true)?;
    Ok(BufReader::with_capacity(BUFFER, socket))
}
