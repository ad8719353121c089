//! Strangers who come to a listening side without any proxy, and are no peers of it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::belief::Belief;
use super::credentials::Credentials;
use super::records::record;
use super::tls;
use crate::faults::weather::Dice;
use crate::house::open_files;

/// The type of a handshake record (RFC 8446 §B.1).
const HANDSHAKE: u8 = 22;

/// What a stranger says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stranger {
    /// Nothing, and it ends.
    Silent,
    /// Bytes of no protocol.
    Garbage,
    /// What a browser asks.
    Http,
    /// A record that is longer than any may be (RFC 8446 §5.2).
    OversizedRecord,
    /// Records without content, which may not be.
    EmptyRecords,
    /// Half a ClientHello, and then it ends.
    HalfHello,
    /// A ClientHello, and then no TLS.
    NothingButHello,
}

impl Stranger {
    pub(crate) const ALL: [Self; 7] = [
        Self::Silent,
        Self::Garbage,
        Self::Http,
        Self::OversizedRecord,
        Self::EmptyRecords,
        Self::HalfHello,
        Self::NothingButHello,
    ];

    /// All that it says to a server of this protocol (ALPN).
    pub(crate) fn words(self, protocol: &[u8]) -> Vec<u8> {
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

    /// Says it, and hears what is answered until the server hangs up, which must be soon enough.
    pub(crate) fn visit(self, address: SocketAddr, protocol: &[u8], patience: Duration) -> io::Result<Vec<u8>> {
        let mut socket = TcpStream::connect(address)?;
        socket.set_write_timeout(Some(patience))?;
        // The server need not hear it all.
        drop(socket.write_all(&self.words(protocol)));
        drop(socket.shutdown(Shutdown::Write));
        until_hung_up(&mut socket, Instant::now() + patience)
    }
}

/// The first flight of a client that might be one of ours.
pub(crate) fn client_hello(protocol: &[u8]) -> Vec<u8> {
    let mut hello = Vec::new();
    let mut client = tls::client(&Credentials::new().certified(), Belief::Anybody, vec![protocol.into()]);
    client.write_tls(&mut hello).unwrap();
    hello
}

/// Connections that say nothing, as many as asked for; this process may have them open, if its system allows it.
pub(crate) fn idle_connections(address: SocketAddr, count: usize) -> Vec<TcpStream> {
    let most = open_files();
    assert!(most > count, "at most {most} files may be open");
    (0..count).map(|_| TcpStream::connect(address).unwrap()).collect()
}

/// How a client fared that says one byte now and then.
#[derive(Debug)]
pub(crate) struct Dawdled {
    pub(crate) said: usize,
    pub(crate) hung_up: bool,
    pub(crate) after: Duration,
}

/// Says a good ClientHello, one byte after each pause, until the server hangs up or patience ends.
pub(crate) fn slow_loris(address: SocketAddr, protocol: &[u8], pause: Duration, patience: Duration) -> Dawdled {
    let mut socket = TcpStream::connect(address).unwrap();
    let begin = Instant::now();
    let mut dawdled = Dawdled { said: 0, hung_up: false, after: Duration::ZERO };
    for byte in client_hello(protocol) {
        if dawdled.hung_up || begin.elapsed() > patience {
            break;
        }
        dawdled.said += socket.write(&[byte]).unwrap_or(0);
        // Each pause is also for hearing whether it is over.
        dawdled.hung_up = until_hung_up(&mut socket, Instant::now() + pause).is_ok();
    }
    dawdled.after = begin.elapsed();
    dawdled
}

/// What is said until the end of the connection, in order or not; an error if it does not end in time.
fn until_hung_up(socket: &mut TcpStream, end: Instant) -> io::Result<Vec<u8>> {
    let (mut heard, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
        match socket.read(&mut piece) {
            Ok(0) => return Ok(heard),
            Ok(count) => heard.extend(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return Ok(heard),
        }
    }
}

/// The same each time.
fn garbage(length: usize) -> Vec<u8> {
    let mut dice = Dice(4711);
    (0..length).map(|_| dice.roll(256) as u8).collect()
}
