//! A connection in plain or under TLS, watched in both cases.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ServerSessionMemoryCache;
use rustls::{ServerConfig, ServerConnection, Stream};

use super::super::deadline::{Deadline, DeadlineSocket, TRANSFER_BUFFER_BYTES};
use super::super::tls::{provider, ticketer};

/// Sessions that may be resumed.
const SESSIONS: usize = 256;

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

/// One connection, in plain or under TLS.
pub(super) struct MaybeTlsStream {
    socket: DeadlineSocket,
    tls: Option<Box<ServerConnection>>,
}

impl MaybeTlsStream {
    pub(super) fn plain(socket: TcpStream, watch: &Arc<Deadline>) -> Self {
        Self { socket: DeadlineSocket::new(socket, Arc::clone(watch)), tls: None }
    }

    /// A data connection.
    pub(super) fn data(socket: TcpStream, watch: &Arc<Deadline>) -> Self {
        Self { socket: DeadlineSocket::reading_ahead(socket, Arc::clone(watch)), tls: None }
    }

    /// Puts the connection under TLS, once both sides agree.
    pub(super) fn secure(&mut self, config: &Arc<ServerConfig>) -> io::Result<()> {
        let mut connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        connection.set_buffer_limit(Some(TRANSFER_BUFFER_BYTES));
        // From now on nothing goes out in plain, whether the handshake succeeds or not.
        let connection = self.tls.insert(Box::new(connection));
        while connection.is_handshaking() {
            connection.complete_io(&mut self.socket)?;
        }
        Ok(())
    }

    /// The socket beneath.
    pub(super) fn socket(&self) -> &TcpStream {
        self.socket.socket()
    }

    /// Whether reads and writes wait until something moves.
    pub(super) fn set_waiting(&mut self, waits: bool) {
        self.socket.set_blocking(waits);
    }

    /// Whether what moves earns time.
    pub(super) fn set_earning(&mut self, earns: bool) {
        self.socket.set_extends_deadline(earns);
    }

    /// Ends the connection so that the peer knows that this is the end.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.flush()?;
        if let Some(connection) = &mut self.tls {
            connection.send_close_notify();
            self.flush()?;
        }
        self.socket.socket().shutdown(Shutdown::Write)
    }
}

impl Read for MaybeTlsStream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.read(bytes),
            Some(connection) => Stream::new(connection.as_mut(), &mut self.socket).read(bytes),
        }
    }
}

impl Write for MaybeTlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.write(bytes),
            Some(connection) => Stream::new(connection.as_mut(), &mut self.socket).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            None => self.socket.flush(),
            Some(connection) => Stream::new(connection.as_mut(), &mut self.socket).flush(),
        }
    }
}
