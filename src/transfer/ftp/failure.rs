//! What an error of an FTP session means, and whether another attempt may do better.

use std::io;

use suppaftp::types::Response;
use suppaftp::{FtpError, ReplyTooLarge, Status};

use super::super::deadline::CloseReason;
use super::super::error::TransferError;
use super::verifier::Refusal;
use crate::foundation::observer::Cancelled;
use crate::foundation::text::sanitize;

/// What a session knows that explains its errors.
#[derive(Debug)]
pub(in crate::transfer) struct ErrorContext<'s> {
    pub(in crate::transfer) location: &'s str,
    pub(in crate::transfer) doing: &'s str,
    /// The file or folder in question.
    pub(in crate::transfer) place: &'s str,
    pub(in crate::transfer) seconds: u64,
    pub(in crate::transfer) cut: Option<CloseReason>,
    pub(in crate::transfer) refused: Option<Refusal>,
}

impl ErrorContext<'_> {
    pub(in crate::transfer) fn explain(self, error: FtpError) -> TransferError {
        if let Some(refusal) = self.refused.clone() {
            return self.certificate(refusal);
        }
        match self.cut {
            Some(CloseReason::Wanted) => return Cancelled.into(),
            Some(CloseReason::Late) => return self.late(),
            None => {}
        }
        match error {
            FtpError::ConnectionError(error) => self.connection(error),
            FtpError::SecureError(reason) => {
                TransferError::Tls { location: self.location.into(), reason: sanitize(&reason) }
            }
            FtpError::UnexpectedResponse(reply) => self.reply(&reply),
            other => self.protocol(other.to_string()),
        }
    }

    fn certificate(self, refusal: Refusal) -> TransferError {
        let location = self.location.into();
        match refusal {
            Refusal::Unknown { fingerprint, reason } => {
                TransferError::UnknownCertificate { location, fingerprint, reason }
            }
            Refusal::Other { fingerprint, known, by } => {
                TransferError::ChangedCertificate { location, expected: by, known, fingerprint }
            }
            Refusal::OtherOnData { fingerprint, known } => {
                TransferError::ChangedDataCertificate { location, known, fingerprint }
            }
        }
    }

    pub(in crate::transfer) fn late(self) -> TransferError {
        let Self { location, doing, seconds, .. } = self;
        TransferError::Timeout { location: location.into(), seconds, doing: doing.into() }
    }

    fn connection(self, source: io::Error) -> TransferError {
        if source.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<ReplyTooLarge>) {
            return self.protocol("its reply does not end".into());
        }
        if source.kind() == io::ErrorKind::InvalidInput {
            return self.protocol("a name that cannot be sent".into());
        }
        let Self { location, doing, .. } = self;
        TransferError::Broken { location: location.into(), doing: doing.into(), source }
    }

    fn protocol(self, reply: String) -> TransferError {
        let Self { location, doing, .. } = self;
        TransferError::Protocol { location: location.into(), doing: doing.into(), reply }
    }

    /// The server has refused EPSV and PASV, or named no port in its reply.
    pub(in crate::transfer) fn no_port(self, reply: &Response) -> TransferError {
        match (self.cut, code(reply)) {
            (Some(_), _) => self.explain(FtpError::UnexpectedResponse(reply.clone())),
            (None, 421) => self.reply(reply),
            (None, 400..500) => {
                let Self { location, doing, .. } = self;
                TransferError::Broken {
                    location: location.into(),
                    doing: doing.into(),
                    source: io::Error::other(reply_text(reply)),
                }
            }
            _ => self.protocol(reply_text(reply)),
        }
    }

    /// By the code of the reply (RFC 959, section 4.2).
    fn reply(self, reply: &Response) -> TransferError {
        let place = self.place.to_owned();
        match reply.status {
            Status::RequestedActionNotTaken => TransferError::ServerFull { place },
            Status::ExceededStorage => TransferError::Quota { place },
            Status::FileUnavailable | Status::BadFilename | Status::StoringNeedAccount => {
                TransferError::Denied { place: format!("{place}: {}", reply_text(reply)) }
            }
            Status::CannotOpenDataConnection | Status::TransferAborted => {
                let source = io::Error::other(reply_text(reply));
                let Self { location, doing, .. } = self;
                TransferError::Broken { location: location.into(), doing: doing.into(), source }
            }
            Status::NotAvailable | Status::RequestFileActionIgnored | Status::ActionAborted => {
                TransferError::Busy { location: self.location.into(), reply: reply_text(reply) }
            }
            _ => self.protocol(reply_text(reply)),
        }
    }
}

/// The code of a reply, also of one that the library has no name for.
pub(in crate::transfer) fn code(reply: &Response) -> u32 {
    let last = reply.body.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let digits = last.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(reply.status.code())
}

/// The server's words: one line, not endless, and nothing in it that commands a terminal.
pub(in crate::transfer) fn reply_text(reply: &Response) -> String {
    one_line(&String::from_utf8_lossy(&reply.body))
}

/// Text of a server as one short line.
pub(in crate::transfer) fn one_line(text: &str) -> String {
    let line = text.trim().replace("\r\n", " ").replace(['\r', '\n'], " ");
    sanitize(&line).chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_without_a_name_are_codes_too() {
        let code = |body: &str, status| code(&Response::new(status, body.as_bytes().to_vec()));
        assert_eq!(code("522 not this protocol\r\n", Status::Unknown), 522);
        assert_eq!(code("550-not\r\n 1\r\n522 here\r\n", Status::Unknown), 522);
        assert_eq!(code("", Status::FileUnavailable), 550);
    }
}
