//! TLS streams for suppaftp. The handshake is done before the first read or write, and every step has a deadline.

use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use suppaftp::{FtpError, FtpResult, TlsConnector, TlsStream};

use super::super::deadline::{Deadline, DeadlineSocket, TRANSFER_BUFFER_BYTES};
use super::super::tls::provider;
use super::verifier::CertificateVerifier;

/// A TLS stream over a socket with a deadline.
#[derive(Debug)]
pub(super) struct RustlsStream(StreamOwned<ClientConnection, DeadlineSocket>);

impl TlsStream for RustlsStream {
    type InnerStream = StreamOwned<ClientConnection, DeadlineSocket>;

    fn tcp_stream(self) -> FtpResult<TcpStream> {
        self.get_ref().try_clone().map_err(FtpError::ConnectionError)
    }

    fn get_ref(&self) -> &TcpStream {
        self.0.sock.socket()
    }

    fn mut_ref(&mut self) -> &mut Self::InnerStream {
        &mut self.0
    }
}

impl Drop for RustlsStream {
    fn drop(&mut self) {
        // RFC 5246, section 7.2.1. The socket may be closed already.
        self.0.conn.send_close_notify();
        let _ = self.0.flush();
    }
}

/// Opens the TLS connections of one session.
#[derive(Debug, Clone)]
pub(super) struct FtpTlsConnector {
    config: Arc<ClientConfig>,
    deadline: Arc<Deadline>,
    /// TLS version and cipher suite of the control connection, once it is open.
    description: Arc<OnceLock<String>>,
}

impl FtpTlsConnector {
    /// Configures TLS 1.2 only. With TLS 1.3 each ticket resumes the session once, so that servers which require
    /// session reuse on data connections refuse the second transfer. vsftpd 3.0.3 crashes with TLS 1.3.
    pub(super) fn new(verifier: Arc<CertificateVerifier>, deadline: Arc<Deadline>) -> Result<Self, rustls::Error> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS12])?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(Self { config: Arc::new(config), deadline, description: Arc::default() })
    }

    /// Returns TLS version and cipher suite of the control connection.
    pub(super) fn description(&self) -> Option<&str> {
        self.description.get().map(String::as_str)
    }
}

impl TlsConnector for FtpTlsConnector {
    type Stream = RustlsStream;

    fn connect(&self, domain: &str, stream: TcpStream) -> FtpResult<RustlsStream> {
        let failed = |error: &dyn std::fmt::Display| FtpError::SecureError(error.to_string());
        let name = ServerName::try_from(domain.to_owned()).map_err(|error| failed(&error))?;
        let mut connection = ClientConnection::new(Arc::clone(&self.config), name).map_err(|error| failed(&error))?;
        connection.set_buffer_limit(Some(TRANSFER_BUFFER_BYTES));
        let deadline = Arc::clone(&self.deadline);
        // The first connection is the control connection.
        let mut socket = match self.description() {
            None => DeadlineSocket::strict(stream, deadline),
            Some(_) => DeadlineSocket::reading_ahead(stream, deadline),
        };
        while connection.is_handshaking() {
            connection.complete_io(&mut socket).map_err(|error| failed(&error))?;
        }
        self.description.get_or_init(|| describe(&connection));
        Ok(RustlsStream(StreamOwned::new(connection, socket)))
    }
}

fn describe(connection: &ClientConnection) -> String {
    let version = connection
        .protocol_version()
        .and_then(|version| version.as_str().map(|name| name.replace("TLSv", "TLS ").replace('_', ".")));
    let suite = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
    format!("{}, {}", version.as_deref().unwrap_or("TLS"), suite.unwrap_or("unknown cipher suite"))
}
