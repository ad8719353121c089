//! The way to a server: a connection, its greeting, TLS.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use suppaftp::{FtpError, ImplFtpStream, Mode, Status};

use super::super::deadline::Deadline;
use super::super::error::TransferError;
use super::super::location::FtpAddress;
use super::dial::{connect, dial};
use super::failure::{ErrorContext, one_line, reply_text};
use super::session::Greeting;
use super::tls::{FtpTlsConnector, RustlsStream};
use super::verifier::{CertificateVerifier, ExpectedCertificate};

/// Who is at the other end, and for how long it may do nothing.
pub(super) struct Connection {
    pub(super) location: String,
    pub(super) watch: Arc<Deadline>,
    timeout: Duration,
    verifier: Arc<CertificateVerifier>,
    /// Whether the server has named a port for the data connection that is being opened.
    port_named: Arc<AtomicBool>,
}

impl Connection {
    pub(super) fn new(address: &FtpAddress, expected: ExpectedCertificate, timeout: Duration) -> Self {
        let verifier = Arc::new(CertificateVerifier::new(expected));
        let watch = Deadline::new(timeout);
        Self { location: address.endpoint(), watch, timeout, verifier, port_named: Arc::default() }
    }

    /// Forgets that the server has named a port.
    pub(super) fn forget_port(&self) {
        self.port_named.store(false, Ordering::Relaxed);
    }

    /// Whether the server has named a port since that was forgotten: EPSV or PASV has succeeded, and what fails is what comes
    /// after it.
    pub(super) fn has_port(&self) -> bool {
        self.port_named.load(Ordering::Relaxed)
    }

    /// What explains an error.
    pub(super) fn error_context<'l>(&'l self, doing: &'l str) -> ErrorContext<'l> {
        ErrorContext {
            location: &self.location,
            doing,
            place: "",
            seconds: self.timeout.as_secs(),
            cut: self.watch.close_reason(),
            refused: self.verifier.refused(),
        }
    }

    /// Everything up to the login.
    pub(super) fn open(&self, address: &FtpAddress) -> Result<(ImplFtpStream<RustlsStream>, Greeting), TransferError> {
        let start = Instant::now();
        let (socket, peer) = self.connect(address)?;
        let connected_in = start.elapsed();
        self.watch.set_timeout(self.timeout);
        let ftp = ImplFtpStream::connect_with_stream(socket);
        let mut ftp = ftp.map_err(|error| self.error_context("waiting for its greeting").explain(error))?;
        let mut tls = None;
        if address.secure {
            (ftp, tls) = self.secure(ftp, &address.host)?;
        }
        let welcome = one_line(ftp.get_welcome_msg().unwrap_or_default());
        let fingerprint = self.verifier.accepted();
        let greeting = Greeting { peer: peer.to_string(), connected_in, tls, fingerprint, welcome };
        Ok((self.passive(ftp, peer.ip()), greeting))
    }

    fn connect(&self, address: &FtpAddress) -> Result<(TcpStream, SocketAddr), TransferError> {
        let socket = dial(address, self.timeout, &self.watch)?;
        let peer = socket.peer_addr().and_then(|peer| self.watch.add(&socket).map(|()| peer));
        let failed = |error| self.error_context("connecting").explain(FtpError::ConnectionError(error));
        Ok((socket, peer.map_err(failed)?))
    }

    /// The same connection under TLS, and what that is.
    fn secure(
        &self,
        ftp: ImplFtpStream<RustlsStream>,
        host: &str,
    ) -> Result<(ImplFtpStream<RustlsStream>, Option<String>), TransferError> {
        self.watch.set_timeout(self.timeout);
        let location = || self.location.clone();
        let dialer = FtpTlsConnector::new(Arc::clone(&self.verifier), Arc::clone(&self.watch));
        let dialer = dialer.map_err(|error| TransferError::Tls { location: location(), reason: error.to_string() })?;
        let secured = ftp.into_secure(dialer.clone(), host).map_err(|error| match error {
            FtpError::UnexpectedResponse(reply) if reply.status != Status::NotAvailable => {
                TransferError::NoTls { location: location(), reply: reply_text(&reply) }
            }
            other => self.error_context("beginning TLS").explain(other),
        });
        Ok((secured?, dialer.description().map(str::to_owned)))
    }

    /// Whatever host the server names: data goes to the machine that commands go to.
    fn passive(&self, ftp: ImplFtpStream<RustlsStream>, machine: IpAddr) -> ImplFtpStream<RustlsStream> {
        let (watch, timeout, port_named) = (Arc::clone(&self.watch), self.timeout, Arc::clone(&self.port_named));
        let mut ftp = ftp.passive_stream_builder(move |named| {
            port_named.store(true, Ordering::Relaxed);
            let socket = connect((machine, named.port()).into(), timeout, &watch);
            let added = socket.and_then(|socket| {
                socket.set_nodelay(true)?;
                watch.add(&socket).map(|()| socket)
            });
            added.map_err(FtpError::ConnectionError)
        });
        ftp.set_mode(Mode::ExtendedPassive);
        ftp
    }
}
