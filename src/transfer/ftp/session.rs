//! An FTP session. After an error it must not be used again.

use std::sync::Arc;
use std::time::Duration;

use suppaftp::types::FileType;
use suppaftp::{FtpError, FtpResult, ImplFtpStream, Mode, Status};

use super::super::deadline::Deadline;
use super::super::error::TransferError;
use super::super::location::FtpAddress;
use super::connection::FtpConnection;
use super::error_mapping::{ErrorContext, reply_text};
use super::greeting::Greeting;
use super::tls::RustlsStream;
use super::verifier::ExpectedCertificate;

/// How long to wait for the reply to QUIT.
const QUIT_TIMEOUT: Duration = Duration::from_secs(1);

/// A session with an authenticated server. [`Session::log_in`] must be called before all other commands.
pub(super) struct Session {
    pub(super) ftp: ImplFtpStream<RustlsStream>,
    pub(super) deadline: Arc<Deadline>,
    pub(super) timeout: Duration,
    pub(super) connection: FtpConnection,
    pub(super) greeting: Greeting,
    /// Whether the server has refused EPSV.
    pub(super) refuses_epsv: bool,
}

impl Session {
    /// Connects, and starts TLS unless the address is an `ftp` URL. Calls `on_deadline` with the deadline of the
    /// connection before it is opened; the caller must enforce it.
    pub(super) fn open(
        address: &FtpAddress,
        expected: ExpectedCertificate,
        timeout: Duration,
        on_deadline: impl Fn(&Arc<Deadline>),
    ) -> Result<Self, TransferError> {
        let connection = FtpConnection::new(address, expected, timeout);
        let deadline = Arc::clone(&connection.deadline);
        on_deadline(&deadline);
        let (ftp, greeting) = connection.open(address)?;
        Ok(Self { ftp, deadline, timeout, connection, greeting, refuses_epsv: false })
    }

    /// Runs one command, which must complete within the timeout.
    pub(super) fn step<T>(
        &mut self,
        operation: &str,
        path: &str,
        command: impl FnOnce(&mut ImplFtpStream<RustlsStream>) -> FtpResult<T>,
    ) -> Result<T, TransferError> {
        self.deadline.set_timeout(self.timeout);
        command(&mut self.ftp).map_err(|error| self.error_context(operation, path).into_transfer_error(error))
    }

    pub(super) fn error_context<'s>(&'s self, operation: &'s str, path: &'s str) -> ErrorContext<'s> {
        ErrorContext { path, ..self.connection.error_context(operation) }
    }

    pub(super) fn log_in(&mut self, user: &str, password: &str) -> Result<(), TransferError> {
        self.deadline.set_timeout(self.timeout);
        if let Err(error) = self.ftp.login(user, password) {
            return Err(match error {
                FtpError::UnexpectedResponse(reply) if is_refusal(reply.status) => {
                    let account = format!("{user} at {}", self.connection.location);
                    TransferError::LoginRefused { account, reply: reply_text(&reply) }
                }
                other => self.error_context("logging in", "").into_transfer_error(other),
            });
        }
        // In the default type, ASCII, servers convert line endings.
        self.step("setting the transfer type", "", |ftp| ftp.transfer_type(FileType::Binary))
    }

    /// Opens data connections by PASV from now on.
    pub(super) fn use_pasv(&mut self) {
        self.refuses_epsv = true;
        self.ftp.set_mode(Mode::Passive);
    }

    /// Sends QUIT and closes the connection.
    pub(super) fn close(mut self) {
        self.deadline.set_timeout(QUIT_TIMEOUT.min(self.timeout));
        let _ = self.ftp.quit();
    }
}

fn is_refusal(status: Status) -> bool {
    matches!(status, Status::NotLoggedIn | Status::InvalidCredentials | Status::StoringNeedAccount)
}
