//! Clients that connect to a listener directly and do not speak its protocol, or send almost nothing.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::credentials::Credentials;
use super::records::record;
use super::tls;
use super::verifier::TestVerifier;
use crate::faults::fault_plan::SeededRng;
use crate::sandbox::raise_open_file_limit;

/// The type of a handshake record (RFC 8446 §B.1).
const HANDSHAKE: u8 = 22;

/// What an invalid client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvalidClient {
    /// Nothing but the end of the stream.
    Silent,
    /// Random bytes.
    Garbage,
    /// An HTTP request.
    Http,
    /// A record longer than allowed (RFC 8446 §5.2).
    OversizedRecord,
    /// Handshake records without content, which are not allowed.
    EmptyRecords,
    /// Half a ClientHello, and the end of the stream.
    HalfHello,
    /// A ClientHello, and then random bytes.
    NothingButHello,
}

impl InvalidClient {
    pub(crate) const ALL: [Self; 7] = [
        Self::Silent,
        Self::Garbage,
        Self::Http,
        Self::OversizedRecord,
        Self::EmptyRecords,
        Self::HalfHello,
        Self::NothingButHello,
    ];

    /// All bytes that it sends to a server of this protocol (ALPN).
    pub(crate) fn bytes(self, protocol: &[u8]) -> Vec<u8> {
        let hello = client_hello(protocol);
        match self {
            Self::Silent => Vec::new(),
            Self::Garbage => garbage(100_000),
            Self::Http => b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".into(),
            Self::OversizedRecord => record(HANDSHAKE, &[1; 0xffff]),
            Self::EmptyRecords => record(HANDSHAKE, &[]).repeat(100),
            Self::HalfHello => hello[..hello.len() / 2].into(),
            Self::NothingButHello => [hello, garbage(1000)].concat(),
        }
    }

    /// Connects, sends its bytes, and returns what the server sends. Fails unless the server disconnects within the
    /// timeout.
    pub(crate) fn run(self, address: SocketAddr, protocol: &[u8], timeout: Duration) -> io::Result<Vec<u8>> {
        let mut socket = TcpStream::connect(address)?;
        socket.set_write_timeout(Some(timeout))?;
        // The server may disconnect before it has read everything.
        let _ = socket.write_all(&self.bytes(protocol));
        let _ = socket.shutdown(Shutdown::Write);
        read_until_disconnected(&mut socket, Instant::now() + timeout)
    }
}

/// Returns the first flight of a valid client.
pub(crate) fn client_hello(protocol: &[u8]) -> Vec<u8> {
    let mut hello = Vec::new();
    let mut client = tls::client(&Credentials::new().certified(), TestVerifier::AcceptAny, vec![protocol.into()]);
    client.write_tls(&mut hello).unwrap();
    hello
}

/// Opens connections that send nothing. Panics if this process may not have that many files open.
pub(crate) fn idle_connections(address: SocketAddr, count: usize) -> Vec<TcpStream> {
    let most = raise_open_file_limit();
    assert!(most > count, "at most {most} files may be open");
    (0..count).map(|_| TcpStream::connect(address).unwrap()).collect()
}

/// How a slow loris attack ended.
#[derive(Debug)]
pub(crate) struct SlowLorisOutcome {
    /// Bytes sent.
    pub(crate) sent: usize,
    /// Whether the server disconnected.
    pub(crate) disconnected: bool,
    /// How long the attack lasted.
    pub(crate) elapsed: Duration,
}

/// Sends a valid ClientHello one byte at a time, with a pause after each, until the server disconnects or the timeout
/// ends.
pub(crate) fn slow_loris(address: SocketAddr, protocol: &[u8], pause: Duration, timeout: Duration) -> SlowLorisOutcome {
    let mut socket = TcpStream::connect(address).unwrap();
    let begin = Instant::now();
    let mut outcome = SlowLorisOutcome { sent: 0, disconnected: false, elapsed: Duration::ZERO };
    for byte in client_hello(protocol) {
        if outcome.disconnected || begin.elapsed() > timeout {
            break;
        }
        outcome.sent += socket.write(&[byte]).unwrap_or(0);
        // Waits for the server to disconnect during the pause.
        outcome.disconnected = read_until_disconnected(&mut socket, Instant::now() + pause).is_ok();
    }
    outcome.elapsed = begin.elapsed();
    outcome
}

/// Returns what the server sends until the connection ends, cleanly or not. Fails if that is not before the deadline.
fn read_until_disconnected(socket: &mut TcpStream, deadline: Instant) -> io::Result<Vec<u8>> {
    let (mut received, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
        match socket.read(&mut buffer) {
            Ok(0) => return Ok(received),
            Ok(count) => received.extend(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return Ok(received),
        }
    }
}

/// Random bytes, the same each time.
fn garbage(length: usize) -> Vec<u8> {
    let mut rng = SeededRng(4711);
    (0..length).map(|_| rng.below(256) as u8).collect()
}
