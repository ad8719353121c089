//! Opens a control connection (TCP, the server's greeting, TLS) and prepares its data connections.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use suppaftp::{FtpError, ImplFtpStream, Mode, Status};

use super::super::deadline::Deadline;
use super::super::error::TransferError;
use super::super::location::FtpAddress;
use super::error_mapping::{ErrorContext, one_line, reply_text};
use super::greeting::Greeting;
use super::tcp_connect::{connect_to_address, connect_to_host};
use super::tls::{FtpTlsConnector, RustlsStream};
use super::verifier::{CertificateVerifier, ExpectedCertificate};

/// What the control connection and the data connections of one session share: the server's address, how it is
/// authenticated, and the deadline.
pub(super) struct FtpConnection {
    pub(super) location: String,
    pub(super) deadline: Arc<Deadline>,
    timeout: Duration,
    verifier: Arc<CertificateVerifier>,
    /// Whether the server has replied with a port for the data connection that is being opened.
    has_data_port: Arc<AtomicBool>,
}

impl FtpConnection {
    pub(super) fn new(address: &FtpAddress, expected: ExpectedCertificate, timeout: Duration) -> Self {
        let verifier = Arc::new(CertificateVerifier::new(expected));
        let deadline = Deadline::new(timeout);
        Self { location: address.endpoint(), deadline, timeout, verifier, has_data_port: Arc::default() }
    }

    /// Call before opening a data connection; see [`FtpConnection::has_data_port`].
    pub(super) fn reset_data_port(&self) {
        self.has_data_port.store(false, Ordering::Relaxed);
    }

    /// Whether EPSV or PASV has succeeded since [`FtpConnection::reset_data_port`], so that a failure concerns a later
    /// step.
    pub(super) fn has_data_port(&self) -> bool {
        self.has_data_port.load(Ordering::Relaxed)
    }

    pub(super) fn error_context<'l>(&'l self, operation: &'l str) -> ErrorContext<'l> {
        ErrorContext {
            location: &self.location,
            operation,
            path: "",
            seconds: self.timeout.as_secs(),
            closed: self.deadline.close_reason(),
            refusal: self.verifier.refusal(),
        }
    }

    /// Connects, reads the greeting, and starts TLS unless the address is an `ftp` URL.
    pub(super) fn open(&self, address: &FtpAddress) -> Result<(ImplFtpStream<RustlsStream>, Greeting), TransferError> {
        let start = Instant::now();
        let (socket, peer) = self.connect(address)?;
        let connected_in = start.elapsed();
        self.deadline.set_timeout(self.timeout);
        let ftp = ImplFtpStream::connect_with_stream(socket);
        let mut ftp = ftp.map_err(|error| self.error_context("waiting for the greeting").into_transfer_error(error))?;
        let mut tls = None;
        if address.uses_tls {
            (ftp, tls) = self.start_tls(ftp, &address.host)?;
        }
        let welcome = ftp.get_welcome_msg().map(one_line).unwrap_or_default();
        let fingerprint = self.verifier.accepted();
        let greeting = Greeting { peer: peer.to_string(), connected_in, tls, fingerprint, welcome };
        Ok((self.with_passive_mode(ftp, peer.ip()), greeting))
    }

    fn connect(&self, address: &FtpAddress) -> Result<(TcpStream, SocketAddr), TransferError> {
        let socket = connect_to_host(address, self.timeout, &self.deadline)?;
        let peer = socket.peer_addr().and_then(|peer| self.deadline.add(&socket).map(|()| peer));
        let failed = |error| self.error_context("connecting").into_transfer_error(FtpError::ConnectionError(error));
        Ok((socket, peer.map_err(failed)?))
    }

    /// Starts TLS. Returns the connection with its TLS version and cipher suite.
    fn start_tls(
        &self,
        ftp: ImplFtpStream<RustlsStream>,
        host: &str,
    ) -> Result<(ImplFtpStream<RustlsStream>, Option<String>), TransferError> {
        self.deadline.set_timeout(self.timeout);
        let location = || self.location.clone();
        let connector = FtpTlsConnector::new(Arc::clone(&self.verifier), Arc::clone(&self.deadline))
            .map_err(|error| TransferError::Tls { location: location(), reason: error.to_string() })?;
        let secured = ftp.into_secure(connector.clone(), host).map_err(|error| match error {
            FtpError::UnexpectedResponse(reply) if reply.status != Status::NotAvailable => {
                TransferError::NoTls { location: location(), reply: reply_text(&reply) }
            }
            other => self.error_context("starting TLS").into_transfer_error(other),
        });
        Ok((secured?, connector.description().map(str::to_owned)))
    }

    /// Opens data connections in passive mode, always to the address of the control connection: a malicious server
    /// could name another host.
    fn with_passive_mode(&self, ftp: ImplFtpStream<RustlsStream>, server: IpAddr) -> ImplFtpStream<RustlsStream> {
        let (deadline, timeout) = (Arc::clone(&self.deadline), self.timeout);
        let has_data_port = Arc::clone(&self.has_data_port);
        let mut ftp = ftp.passive_stream_builder(move |named| {
            has_data_port.store(true, Ordering::Relaxed);
            let socket = connect_to_address((server, named.port()).into(), timeout, &deadline);
            let added = socket.and_then(|socket| {
                socket.set_nodelay(true)?;
                deadline.add(&socket).map(|()| socket)
            });
            added.map_err(FtpError::ConnectionError)
        });
        ftp.set_mode(Mode::ExtendedPassive);
        ftp
    }
}
