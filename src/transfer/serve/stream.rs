//! A control or data connection, with or without TLS, whose progress counts towards the client's deadline.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ServerSessionMemoryCache;
use rustls::{ServerConfig, ServerConnection, Stream};

use super::super::deadline::{Deadline, DeadlineSocket, TRANSFER_BUFFER_BYTES};
use super::super::tls::{provider, ticketer};

/// TLS sessions kept for resumption.
const MAX_CACHED_SESSIONS: usize = 256;

/// Returns a configuration for TLS 1.2 and 1.3 with this certificate chain.
pub(super) fn tls_config(
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    config.session_storage = ServerSessionMemoryCache::new(MAX_CACHED_SESSIONS);
    config.ticketer = ticketer()?;
    // A client that only sends never reads the tickets. Closing a socket with unread data resets the connection, and
    // the end of the upload would be lost.
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// A connection with or without TLS.
pub(super) struct MaybeTlsStream {
    socket: DeadlineSocket,
    tls: Option<Box<ServerConnection>>,
}

impl MaybeTlsStream {
    /// Wraps a control connection, without TLS at first.
    pub(super) fn control(socket: TcpStream, deadline: &Arc<Deadline>) -> Self {
        Self { socket: DeadlineSocket::new(socket, Arc::clone(deadline)), tls: None }
    }

    /// Wraps a data connection, without TLS at first.
    pub(super) fn data(socket: TcpStream, deadline: &Arc<Deadline>) -> Self {
        Self { socket: DeadlineSocket::reading_ahead(socket, Arc::clone(deadline)), tls: None }
    }

    /// Performs the TLS handshake.
    pub(super) fn start_tls(&mut self, config: &Arc<ServerConfig>) -> io::Result<()> {
        let mut connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        connection.set_buffer_limit(Some(TRANSFER_BUFFER_BYTES));
        // Stored before the handshake, so that nothing is sent in plain text after a failed one.
        let connection = self.tls.insert(Box::new(connection));
        while connection.is_handshaking() {
            connection.complete_io(&mut self.socket)?;
        }
        Ok(())
    }

    /// Returns the underlying socket.
    pub(super) fn socket(&self) -> &TcpStream {
        self.socket.socket()
    }

    /// Sets whether reads and writes block.
    pub(super) fn set_blocking(&mut self, is_blocking: bool) {
        self.socket.set_blocking(is_blocking);
    }

    /// Sets whether bytes sent and received extend the deadline.
    pub(super) fn set_extends_deadline(&mut self, extends_deadline: bool) {
        self.socket.set_extends_deadline(extends_deadline);
    }

    /// Ends the stream: sends TLS `close_notify`, if TLS is in use, and shuts down the sending side.
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
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.read(buffer),
            Some(connection) => Stream::new(connection.as_mut(), &mut self.socket).read(buffer),
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
