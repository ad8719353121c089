//! The way to a server: a connection, its greeting, TLS.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use suppaftp::{FtpError, ImplFtpStream, Mode, Status};

use super::super::error::TransferError;
use super::super::location::FtpAddress;
use super::super::watch::Watch;
use super::dial::{connect, dial};
use super::failure::{Circumstances, one_line, words};
use super::session::Greeting;
use super::tls::{Dialer, TlsLink};
use super::verifier::{Expected, Verifier};

/// Who is at the other end, and for how long it may do nothing.
pub(super) struct Line {
    pub(super) location: String,
    pub(super) watch: Arc<Watch>,
    timeout: Duration,
    verifier: Arc<Verifier>,
    /// Whether the server has named a port for the data connection that is being opened.
    port_named: Arc<AtomicBool>,
}

impl Line {
    pub(super) fn new(address: &FtpAddress, expected: Expected, timeout: Duration) -> Self {
        let verifier = Arc::new(Verifier::new(expected));
        let watch = Watch::new(timeout);
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
    pub(super) fn circumstances<'l>(&'l self, doing: &'l str) -> Circumstances<'l> {
        Circumstances {
            location: &self.location,
            doing,
            place: "",
            seconds: self.timeout.as_secs(),
            cut: self.watch.why(),
            refused: self.verifier.refused(),
        }
    }

    /// Everything up to the login.
    pub(super) fn open(&self, address: &FtpAddress) -> Result<(ImplFtpStream<TlsLink>, Greeting), TransferError> {
        let start = Instant::now();
        let (socket, peer) = self.connect(address)?;
        let connected_in = start.elapsed();
        self.watch.allow(self.timeout);
        let ftp = ImplFtpStream::connect_with_stream(socket);
        let mut ftp = ftp.map_err(|error| self.circumstances("waiting for its greeting").explain(error))?;
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
        let failed = |error| self.circumstances("connecting").explain(FtpError::ConnectionError(error));
        Ok((socket, peer.map_err(failed)?))
    }

    /// The same connection under TLS, and what that is.
    fn secure(
        &self,
        ftp: ImplFtpStream<TlsLink>,
        host: &str,
    ) -> Result<(ImplFtpStream<TlsLink>, Option<String>), TransferError> {
        self.watch.allow(self.timeout);
        let location = || self.location.clone();
        let dialer = Dialer::new(Arc::clone(&self.verifier), Arc::clone(&self.watch));
        let dialer = dialer.map_err(|error| TransferError::Tls { location: location(), reason: error.to_string() })?;
        let secured = ftp.into_secure(dialer.clone(), host).map_err(|error| match error {
            FtpError::UnexpectedResponse(reply) if reply.status != Status::NotAvailable => {
                TransferError::NoTls { location: location(), reply: words(&reply) }
            }
            other => self.circumstances("beginning TLS").explain(other),
        });
        Ok((secured?, dialer.description().map(str::to_owned)))
    }

    /// Whatever host the server names: data goes to the machine that commands go to.
    fn passive(&self, ftp: ImplFtpStream<TlsLink>, machine: IpAddr) -> ImplFtpStream<TlsLink> {
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
