//! A connection in plain or under TLS, watched in both cases.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ServerSessionMemoryCache;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::super::tls::{provider, ticketer};
use super::super::watch::{PIECE, Watch, WatchedSocket};

/// Sessions that may be resumed.
const SESSIONS: usize = 256;

/// Bytes of lines that are sent at a time.
const LINES: usize = 16 << 10;

/// The longest line of a command, in bytes: room for the longest path.
const LONGEST_LINE: u64 = 16 << 10;

/// TLS 1.2 and 1.3 with this certificate.
pub(super) fn tls(
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    config.ticketer = ticketer()?;
    // A client that only sends does not read tickets, and what it does not read resets its connection when it closes it,
    // with the end of the upload still on its way.
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// One connection.
pub(super) enum Wire {
    Plain(WatchedSocket),
    Secure(Box<StreamOwned<ServerConnection, WatchedSocket>>),
}

impl Wire {
    pub(super) fn plain(socket: TcpStream, watch: &Arc<Watch>) -> Self {
        Self::Plain(WatchedSocket::new(socket, Arc::clone(watch)))
    }

    /// A data connection.
    pub(super) fn data(socket: TcpStream, watch: &Arc<Watch>) -> Self {
        Self::Plain(WatchedSocket::reading_ahead(socket, Arc::clone(watch)))
    }

    /// The same connection under TLS, once both sides agree.
    pub(super) fn secure(self, config: &Arc<ServerConfig>) -> io::Result<Self> {
        let Self::Plain(mut socket) = self else { return Ok(self) };
        let mut connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        connection.set_buffer_limit(Some(PIECE));
        while connection.is_handshaking() {
            connection.complete_io(&mut socket)?;
        }
        Ok(Self::Secure(Box::new(StreamOwned::new(connection, socket))))
    }

    /// Ends the connection so that the peer knows that this is the end.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        let socket = match &mut self {
            Self::Plain(socket) => socket,
            Self::Secure(stream) => {
                stream.conn.send_close_notify();
                stream.flush()?;
                &mut stream.sock
            }
        };
        socket.socket().shutdown(Shutdown::Write)
    }
}

impl Read for Wire {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(bytes),
            Self::Secure(stream) => stream.read(bytes),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Secure(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Secure(stream) => stream.flush(),
        }
    }
}

/// The control connection: lines come in, replies go out.
pub(super) struct Control(BufReader<Wire>);

impl Control {
    pub(super) fn new(wire: Wire) -> Self {
        Self(BufReader::with_capacity(1 << 12, wire))
    }

    /// The next line without its end; `None` if there will be none.
    pub(super) fn read_line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        (&mut self.0).take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return if line.len() as u64 + 1 < LONGEST_LINE {
                Ok(None)
            } else {
                Err(io::ErrorKind::FileTooLarge.into())
            };
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        // ABOR comes after Telnet's signals (RFC 959, section 4.1.3), which are no UTF-8.
        let said = line.iter().position(|byte| *byte < 0xF0).unwrap_or(line.len());
        Ok(Some(String::from_utf8_lossy(line.get(said..).unwrap_or_default()).into_owned()))
    }

    pub(super) fn reply(&mut self, code: u16, text: &str) -> io::Result<()> {
        self.send(&format!("{code} {text}\r\n"))
    }

    /// A reply of several lines (RFC 959, section 4.2).
    pub(super) fn reply_lines(&mut self, code: u16, first: &str, lines: &[String], last: &str) -> io::Result<()> {
        let lines: String = lines.iter().map(|line| format!(" {line}\r\n")).collect();
        self.send(&format!("{code}-{first}\r\n{lines}{code} {last}\r\n"))
    }

    /// The same with lines that are read while they are sent; each must begin with a blank.
    pub(super) fn reply_from(&mut self, code: u16, first: &str, mut lines: impl Read) -> io::Result<()> {
        self.send(&format!("{code}-{first}\r\n"))?;
        let mut piece = vec![0; LINES];
        let last = loop {
            match lines.read(&mut piece) {
                Ok(0) => break "End",
                Ok(count) => self.send_bytes(piece.get(..count).unwrap_or_default())?,
                Err(_) => break "End; not all could be read",
            }
        };
        self.send(&format!("{code} {last}\r\n"))
    }

    fn send(&mut self, text: &str) -> io::Result<()> {
        self.send_bytes(text.as_bytes())
    }

    fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let wire = self.0.get_mut();
        wire.write_all(bytes)?;
        wire.flush()
    }

    /// The same under TLS. What was sent before TLS began is not believed to come from the same peer.
    pub(super) fn secure(self, config: &Arc<ServerConfig>) -> io::Result<Self> {
        if !self.0.buffer().is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.0.into_inner().secure(config).map(Self::new)
    }
}
