//! Converts errors of the FTP library to [`TransferError`].

use std::io;

use suppaftp::types::Response;
use suppaftp::{FtpError, ReplyTooLarge, Status};

use super::super::deadline::CloseReason;
use super::super::error::TransferError;
use super::verifier::Refusal;
use crate::foundation::observer::Cancelled;
use crate::foundation::text;

/// The longest text of a server that is shown, in characters.
const MAX_TEXT: usize = 200;

/// The state of a session when an error occurred.
#[derive(Debug)]
pub(super) struct ErrorContext<'s> {
    pub(super) location: &'s str,
    pub(super) operation: &'s str,
    /// The file or directory that the operation concerns, or an empty string.
    pub(super) path: &'s str,
    /// The timeout.
    pub(super) seconds: u64,
    pub(super) closed: Option<CloseReason>,
    pub(super) refusal: Option<Refusal>,
}

impl ErrorContext<'_> {
    /// Converts `error`. A refused certificate or a closed connection is the cause of whatever error follows it.
    pub(super) fn into_transfer_error(self, error: FtpError) -> TransferError {
        if let Some(refusal) = self.refusal.clone() {
            return self.certificate(refusal);
        }
        match self.closed {
            Some(CloseReason::Requested) => return Cancelled.into(),
            Some(CloseReason::Expired) => return self.timeout(),
            None => {}
        }
        match error {
            FtpError::ConnectionError(error) => self.io(error),
            FtpError::SecureError(reason) => {
                TransferError::Tls { location: self.location.into(), reason: text::sanitize(&reason) }
            }
            FtpError::UnexpectedResponse(reply) => self.reply(&reply),
            other => self.protocol(other.to_string()),
        }
    }

    fn certificate(self, refusal: Refusal) -> TransferError {
        let location = self.location.into();
        match refusal {
            Refusal::Untrusted { fingerprint, reason } => {
                TransferError::UnknownCertificate { location, fingerprint, reason }
            }
            Refusal::Mismatch { expected, expected_by, found } => {
                TransferError::CertificateMismatch { location, expected_by, expected, found }
            }
            Refusal::DataMismatch { expected, found } => {
                TransferError::DataCertificateMismatch { location, expected, found }
            }
        }
    }

    fn timeout(self) -> TransferError {
        let Self { location, operation, seconds, .. } = self;
        TransferError::Timeout { location: location.into(), seconds, operation: operation.into() }
    }

    fn io(self, source: io::Error) -> TransferError {
        if source.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<ReplyTooLarge>) {
            return self.protocol("the reply is too long".into());
        }
        if source.kind() == io::ErrorKind::InvalidInput {
            return self.protocol("a file name contains a character that cannot be sent".into());
        }
        self.connection_lost(source)
    }

    fn connection_lost(self, source: io::Error) -> TransferError {
        let Self { location, operation, .. } = self;
        TransferError::ConnectionLost { location: location.into(), operation: operation.into(), source }
    }

    fn protocol(self, reply: String) -> TransferError {
        let Self { location, operation, .. } = self;
        TransferError::Protocol { location: location.into(), operation: operation.into(), reply }
    }

    /// Converts a reply to EPSV or PASV that refuses the command or contains no port.
    pub(super) fn no_data_port(self, reply: &Response) -> TransferError {
        match (self.closed, code(reply)) {
            (Some(_), _) => self.into_transfer_error(FtpError::UnexpectedResponse(reply.clone())),
            (None, 421) => self.reply(reply),
            (None, 400..500) => self.connection_lost(io::Error::other(reply_text(reply))),
            _ => self.protocol(reply_text(reply)),
        }
    }

    /// Converts a reply by its code (RFC 959, section 4.2).
    fn reply(self, reply: &Response) -> TransferError {
        let path = self.path.to_owned();
        match reply.status {
            Status::RequestedActionNotTaken => TransferError::ServerFull { path },
            Status::ExceededStorage => TransferError::Quota { path },
            Status::FileUnavailable | Status::BadFilename | Status::StoringNeedAccount => {
                TransferError::Denied { path, reason: reply_text(reply) }
            }
            Status::CannotOpenDataConnection | Status::TransferAborted => {
                self.connection_lost(io::Error::other(reply_text(reply)))
            }
            Status::NotAvailable | Status::RequestFileActionIgnored | Status::ActionAborted => {
                TransferError::Busy { location: self.location.into(), reply: reply_text(reply) }
            }
            _ => self.protocol(reply_text(reply)),
        }
    }
}

/// Returns the code of a reply, also one that the library has no name for.
pub(super) fn code(reply: &Response) -> u32 {
    let last_line = reply.body.trim_ascii_end().rsplit(|byte| *byte == b'\n').next();
    let digits = last_line.and_then(|line| std::str::from_utf8(line.get(..3)?).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(reply.status.code())
}

/// Returns the code and the text of a reply as one short line that is safe to print.
pub(super) fn reply_text(reply: &Response) -> String {
    one_line(&String::from_utf8_lossy(&reply.body))
}

/// Returns a server's text as one short line that is safe to print.
pub(super) fn one_line(text: &str) -> String {
    text::one_line(text, MAX_TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_unknown_to_the_library_are_read_from_the_reply() {
        let code = |body: &str, status| code(&Response::new(status, body.as_bytes().to_vec()));
        assert_eq!(code("522 not this protocol\r\n", Status::Unknown), 522);
        assert_eq!(code("550-not\r\n 1\r\n522 here\r\n", Status::Unknown), 522);
        assert_eq!(code("", Status::FileUnavailable), 550);
    }
}
