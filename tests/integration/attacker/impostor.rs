//! An impostor: to each side it shows a certificate, its own or one whose key it does not have.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;
use rustls::server::{Acceptor, ServerConnection};
use rustls::sign::CertifiedKey;

use super::belief::Belief;
use super::credentials::Credentials;
use super::tls::{self, Names, Side};

/// How long a victim has to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who ends TLS in the middle.
#[derive(Debug, Clone)]
pub(crate) struct Impostor {
    own: Arc<Credentials>,
    to_client: CertifiedKey,
    to_server: CertifiedKey,
}

impl Impostor {
    /// With a certificate of its own for both sides.
    pub(crate) fn new() -> Self {
        let own = Arc::new(Credentials::new());
        let shown = own.certified();
        Self { own, to_client: shown.clone(), to_server: shown }
    }

    /// Who shows clients another certificate, such as their server's.
    pub(crate) fn showing_clients(self, certificate: CertificateDer<'static>) -> Self {
        Self { to_client: self.own.showing(certificate), ..self }
    }

    /// Who shows the server another certificate, such as one of its clients'.
    pub(crate) fn showing_servers(self, certificate: CertificateDer<'static>) -> Self {
        Self { to_server: self.own.showing(certificate), ..self }
    }

    /// Connects to a server as a client of it; gives the first that it answers, or how it refuses. A server that hangs up
    /// in order answers nothing.
    pub(crate) fn call(&self, address: SocketAddr, protocol: &[u8], words: &[u8]) -> io::Result<Vec<u8>> {
        let mut server = self.approach(dial(address)?, vec![protocol.into()])?;
        server.say(words)?;
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            match server.hear()? {
                Some(bytes) if bytes.is_empty() => {}
                answer => return Ok(answer.unwrap_or_default()),
            }
        }
        Err(ErrorKind::TimedOut.into())
    }

    /// Answers a client's hello, and offers what it offers.
    pub(super) fn receive(&self, mut socket: impl Read) -> io::Result<(ServerConnection, Names)> {
        let mut acceptor = Acceptor::default();
        let accepted = loop {
            if acceptor.read_tls(&mut socket)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(accepted) = acceptor.accept().map_err(|(error, _)| io::Error::other(error))? {
                break accepted;
            }
        };
        let names: Names = accepted.client_hello().alpn().into_iter().flatten().map(<[u8]>::to_vec).collect();
        let config = tls::server_config(&self.to_client, Belief::Anybody, names.clone());
        let connection = accepted.into_connection(config).map_err(|(error, _)| io::Error::other(error))?;
        Ok((connection, names))
    }

    /// Shakes hands with a server. In TLS 1.3 that it refuses comes later.
    pub(super) fn approach<S: Read + Write>(&self, socket: S, names: Names) -> io::Result<Side<S>> {
        Side::shake_hands(tls::client(&self.to_server, Belief::Anybody, names), socket)
    }
}

/// The certificate that a server shows to anybody who connects.
pub(crate) fn certificate_at(address: SocketAddr, protocol: &[u8]) -> io::Result<CertificateDer<'static>> {
    let server = Impostor::new().approach(dial(address)?, vec![protocol.into()])?;
    server.certificate().ok_or(ErrorKind::NotFound.into())
}

fn dial(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpStream::connect_timeout(&address, PATIENCE)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok(socket)
}
