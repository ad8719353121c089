//! One login at an FTP server, and what can be done with it. Whatever fails, the session is over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use suppaftp::types::FileType;
use suppaftp::{FtpError, FtpResult, ImplFtpStream, Mode, Status};

use super::super::error::TransferError;
use super::super::location::FtpAddress;
use super::super::watch::Watch;
use super::dial::{connect, dial};
use super::failure::{Circumstances, Failure, one_line, words};
use super::tls::{Dialer, TlsLink};
use super::verifier::{Expected, Verifier};
use crate::crypto::Fingerprint;

/// What was learnt while connecting.
#[derive(Debug, Clone)]
pub struct Greeting {
    /// Where the server is.
    pub peer: String,
    /// How long it took to connect.
    pub connected_in: Duration,
    /// Version and cipher suite; nothing in plain.
    pub tls: Option<String>,
    /// The server's certificate.
    pub fingerprint: Option<Fingerprint>,
    /// Its first words.
    pub welcome: String,
}

/// A connection that is not logged in yet.
pub(in crate::transfer) struct Session {
    pub(super) ftp: ImplFtpStream<TlsLink>,
    pub(super) watch: Arc<Watch>,
    verifier: Arc<Verifier>,
    location: String,
    pub(super) timeout: Duration,
    pub(in crate::transfer) greeting: Greeting,
}

impl Session {
    /// Connects, and secures the connection unless the address says otherwise. `watched` is given the watch that somebody
    /// must look after while the session is used.
    pub(in crate::transfer) fn open(
        address: &FtpAddress,
        expected: Expected,
        timeout: Duration,
        watched: impl Fn(&Arc<Watch>),
    ) -> Result<Self, Failure> {
        let watch = Watch::new(timeout);
        watched(&watch);
        let verifier = Arc::new(Verifier::new(expected));
        let start = Instant::now();
        let socket = dial(address, timeout, &watch)?;
        let connected_in = start.elapsed();
        let location = address.endpoint();
        let circumstances = |doing| Circumstances {
            location: &location,
            doing,
            place: "",
            seconds: timeout.as_secs(),
            cut: watch.why(),
            refused: verifier.refused(),
        };
        let peer = socket.peer_addr().and_then(|peer| watch.add(&socket).map(|()| peer));
        let peer = peer.map_err(|error| circumstances("connecting").explain(FtpError::ConnectionError(error)))?;
        watch.allow(timeout);
        let mut ftp = ImplFtpStream::connect_with_stream(socket)
            .map_err(|error| circumstances("waiting for its greeting").explain(error))?;
        let mut tls = None;
        if address.secure {
            watch.allow(timeout);
            let dialer = Dialer::new(Arc::clone(&verifier), Arc::clone(&watch));
            let dialer =
                dialer.map_err(|error| TransferError::Tls { location: location.clone(), reason: error.to_string() })?;
            ftp = ftp.into_secure(dialer.clone(), &address.host).map_err(|error| match error {
                FtpError::UnexpectedResponse(reply) if reply.status != Status::NotAvailable => {
                    TransferError::NoTls { location: location.clone(), reply: words(&reply) }.into()
                }
                other => circumstances("beginning TLS").explain(other),
            })?;
            tls = dialer.description().map(str::to_owned);
        }
        let to_data = Arc::clone(&watch);
        let mut ftp = ftp.passive_stream_builder(move |named| {
            // Whatever host the server names: data goes to the machine that commands go to.
            let socket = connect((peer.ip(), named.port()).into(), timeout, &to_data);
            let added = socket.and_then(|socket| {
                socket.set_nodelay(true)?;
                to_data.add(&socket).map(|()| socket)
            });
            added.map_err(FtpError::ConnectionError)
        });
        ftp.set_mode(Mode::ExtendedPassive);
        let welcome = one_line(ftp.get_welcome_msg().unwrap_or_default());
        let fingerprint = verifier.accepted();
        let greeting = Greeting { peer: peer.to_string(), connected_in, tls, fingerprint, welcome };
        Ok(Self { ftp, watch, verifier, location, timeout, greeting })
    }

    /// What must be looked after while the session is used.
    pub(in crate::transfer) fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    /// Runs one command or one step of a transfer within the timeout.
    pub(super) fn step<T>(
        &mut self,
        doing: &str,
        place: &str,
        work: impl FnOnce(&mut ImplFtpStream<TlsLink>) -> FtpResult<T>,
    ) -> Result<T, Failure> {
        self.watch.allow(self.timeout);
        work(&mut self.ftp).map_err(|error| self.circumstances(doing, place).explain(error))
    }

    pub(super) fn circumstances<'s>(&'s self, doing: &'s str, place: &'s str) -> Circumstances<'s> {
        Circumstances {
            location: &self.location,
            doing,
            place,
            seconds: self.timeout.as_secs(),
            cut: self.watch.why(),
            refused: self.verifier.refused(),
        }
    }

    pub(in crate::transfer) fn login(&mut self, user: &str, password: &str) -> Result<(), Failure> {
        self.watch.allow(self.timeout);
        if let Err(error) = self.ftp.login(user, password) {
            let location = format!("{user} at {}", self.location);
            return Err(match error {
                FtpError::UnexpectedResponse(reply) if is_refusal(reply.status) => {
                    TransferError::WrongPassword { location, reply: words(&reply) }.into()
                }
                other => self.circumstances("logging in", "").explain(other),
            });
        }
        // Without it, servers translate line ends.
        self.step("setting the transfer type", "", |ftp| ftp.transfer_type(FileType::Binary))
    }

    /// A word of farewell, and the line is closed.
    pub(in crate::transfer) fn close(mut self) {
        self.watch.allow(Duration::from_secs(1).min(self.timeout));
        // Nothing depends on the answer.
        drop(self.ftp.quit());
    }
}

fn is_refusal(status: Status) -> bool {
    matches!(status, Status::NotLoggedIn | Status::InvalidCredentials | Status::StoringNeedAccount)
}
