//! Impersonation: presents its own certificate to each side, or one whose private key it does not have.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;
use rustls::server::{Acceptor, ServerConnection};
use rustls::sign::CertifiedKey;

use super::credentials::Credentials;
use super::tls::{self, ProtocolNames, TlsStream};
use super::verifier::TestVerifier;

/// How long the other side may take to connect, and for each read and write.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Terminates TLS in the middle, with one certificate for each side.
#[derive(Debug, Clone)]
pub(crate) struct Impersonator {
    own: Arc<Credentials>,
    to_client: CertifiedKey,
    to_server: CertifiedKey,
}

impl Impersonator {
    /// Presents a certificate of its own to both sides.
    pub(crate) fn new() -> Self {
        let own = Arc::new(Credentials::new());
        let certified = own.certified();
        Self { own, to_client: certified.clone(), to_server: certified }
    }

    /// Presents another certificate to clients, such as their server's.
    pub(crate) fn with_server_certificate(self, certificate: CertificateDer<'static>) -> Self {
        Self { to_client: self.own.with_certificate(certificate), ..self }
    }

    /// Presents another certificate to servers, such as one of their clients'.
    pub(crate) fn with_client_certificate(self, certificate: CertificateDer<'static>) -> Self {
        Self { to_server: self.own.with_certificate(certificate), ..self }
    }

    /// Connects to a server as one of its clients and sends these bytes. Returns the first bytes that the server sends
    /// (none if it closes the connection cleanly), or how it rejects the client.
    pub(crate) fn request(&self, address: SocketAddr, protocol: &[u8], bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut server = self.connect(open(address)?, vec![protocol.into()])?;
        server.send(bytes)?;
        let end = Instant::now() + TIMEOUT;
        while Instant::now() < end {
            match server.receive()? {
                Some(bytes) if bytes.is_empty() => {}
                received => return Ok(received.unwrap_or_default()),
            }
        }
        Err(ErrorKind::TimedOut.into())
    }

    /// Answers a client's hello with the ALPN protocols that the client offers, and returns these.
    pub(super) fn accept(&self, mut socket: impl Read) -> io::Result<(ServerConnection, ProtocolNames)> {
        let mut acceptor = Acceptor::default();
        let accepted = loop {
            if acceptor.read_tls(&mut socket)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(accepted) = acceptor.accept().map_err(|(error, _)| io::Error::other(error))? {
                break accepted;
            }
        };
        let names: ProtocolNames = accepted.client_hello().alpn().into_iter().flatten().map(<[u8]>::to_vec).collect();
        let config = tls::server_config(&self.to_client, TestVerifier::AcceptAny, names.clone());
        let connection = accepted.into_connection(config).map_err(|(error, _)| io::Error::other(error))?;
        Ok((connection, names))
    }

    /// Does the handshake with a server. In TLS 1.3 its rejection arrives only later.
    pub(super) fn connect<S: Read + Write>(&self, socket: S, names: ProtocolNames) -> io::Result<TlsStream<S>> {
        TlsStream::handshake(tls::client(&self.to_server, TestVerifier::AcceptAny, names), socket)
    }
}

/// Returns the certificate that a server presents to any client.
pub(crate) fn certificate_at(address: SocketAddr, protocol: &[u8]) -> io::Result<CertificateDer<'static>> {
    let server = Impersonator::new().connect(open(address)?, vec![protocol.into()])?;
    server.certificate().ok_or(ErrorKind::NotFound.into())
}

fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpStream::connect_timeout(&address, TIMEOUT)?;
    socket.set_read_timeout(Some(TIMEOUT))?;
    socket.set_write_timeout(Some(TIMEOUT))?;
    Ok(socket)
}
