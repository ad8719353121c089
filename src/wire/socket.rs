//! Options of the TCP sockets that carry links.

use std::io;

use tokio::io::BufReader;
use tokio::net::TcpStream;

/// Size of the read buffer: rustls alone reads in smaller steps.
const READ_BUFFER_BYTES: usize = 64 << 10;

/// Sends small frames at once (`TCP_NODELAY`), detects vanished peers (`SO_KEEPALIVE`) and buffers reads.
pub(super) fn prepare(socket: TcpStream) -> io::Result<BufReader<TcpStream>> {
    socket.set_nodelay(true)?;
    rustix::net::sockopt::set_socket_keepalive(&socket, true)?;
    Ok(BufReader::with_capacity(READ_BUFFER_BYTES, socket))
}
