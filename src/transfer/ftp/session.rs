//! One login at an FTP server, and what can be done with it. Whatever fails, the session is over.

use std::sync::Arc;
use std::time::Duration;

use suppaftp::types::FileType;
use suppaftp::{FtpError, FtpResult, ImplFtpStream, Mode, Status};

use super::super::deadline::Deadline;
use super::super::error::TransferError;
use super::super::location::FtpAddress;
use super::connection::Connection;
use super::failure::{ErrorContext, reply_text};
use super::tls::RustlsStream;
use super::verifier::ExpectedCertificate;
use crate::crypto::CertificateFingerprint;

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
    pub fingerprint: Option<CertificateFingerprint>,
    /// Its first words.
    pub welcome: String,
}

/// A connection that is not logged in yet.
pub(in crate::transfer) struct Session {
    pub(super) ftp: ImplFtpStream<RustlsStream>,
    pub(super) watch: Arc<Deadline>,
    pub(super) timeout: Duration,
    pub(super) line: Connection,
    pub(in crate::transfer) greeting: Greeting,
    /// Whether the server has refused EPSV.
    pub(super) refuses_epsv: bool,
}

impl Session {
    /// Connects, and secures the connection unless the address says otherwise. `watched` is given the watch that somebody
    /// must look after while the session is used.
    pub(in crate::transfer) fn open(
        address: &FtpAddress,
        expected: ExpectedCertificate,
        timeout: Duration,
        watched: impl Fn(&Arc<Deadline>),
    ) -> Result<Self, TransferError> {
        let line = Connection::new(address, expected, timeout);
        let watch = Arc::clone(&line.watch);
        watched(&watch);
        let (ftp, greeting) = line.open(address)?;
        Ok(Self { ftp, watch, timeout, line, greeting, refuses_epsv: false })
    }

    /// What must be looked after while the session is used.
    pub(in crate::transfer) fn watch(&self) -> &Arc<Deadline> {
        &self.watch
    }

    /// Runs one command or one step of a transfer within the timeout.
    pub(super) fn step<T>(
        &mut self,
        doing: &str,
        place: &str,
        work: impl FnOnce(&mut ImplFtpStream<RustlsStream>) -> FtpResult<T>,
    ) -> Result<T, TransferError> {
        self.watch.set_timeout(self.timeout);
        work(&mut self.ftp).map_err(|error| self.circumstances(doing, place).explain(error))
    }

    pub(super) fn circumstances<'s>(&'s self, doing: &'s str, place: &'s str) -> ErrorContext<'s> {
        ErrorContext { place, ..self.line.error_context(doing) }
    }

    pub(in crate::transfer) fn login(&mut self, user: &str, password: &str) -> Result<(), TransferError> {
        self.watch.set_timeout(self.timeout);
        if let Err(error) = self.ftp.login(user, password) {
            let location = format!("{user} at {}", self.line.location);
            return Err(match error {
                FtpError::UnexpectedResponse(reply) if is_refusal(reply.status) => {
                    TransferError::WrongPassword { location, reply: reply_text(&reply) }
                }
                other => self.circumstances("logging in", "").explain(other),
            });
        }
        // Without it, servers translate line ends.
        self.step("setting the transfer type", "", |ftp| ftp.transfer_type(FileType::Binary))
    }

    /// Asks for data connections by PASV from now on.
    pub(super) fn avoid_epsv(&mut self) {
        self.refuses_epsv = true;
        self.ftp.set_mode(Mode::Passive);
    }

    /// A word of farewell, and the line is closed.
    pub(in crate::transfer) fn close(mut self) {
        self.watch.set_timeout(Duration::from_secs(1).min(self.timeout));
        // Nothing depends on the answer.
        drop(self.ftp.quit());
    }
}

fn is_refusal(status: Status) -> bool {
    matches!(status, Status::NotLoggedIn | Status::InvalidCredentials | Status::StoringNeedAccount)
}
