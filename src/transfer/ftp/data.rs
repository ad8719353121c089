//! Uploads, downloads and their data connections.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use suppaftp::types::Response;
use suppaftp::{DataStream, FtpError, FtpResult, ImplFtpStream, Status, TransferStream};

use super::super::deadline::{CloseReason, Deadline, TRANSFER_BUFFER_BYTES};
use super::super::error::TransferError;
use super::failure::code;
use super::session::Session;
use super::tls::RustlsStream;
use crate::foundation::observer::Observer;

/// Time per byte that a server may need after an upload to write it to its disk.
const DISK_SECONDS_PER_BYTE: f64 = 1e-7;

/// Bytes that may still be in transit when the last byte of an upload has been handed to the system.
const MAX_BYTES_IN_TRANSIT: f64 = 4e6;

/// Time per byte on a slow network.
const NETWORK_SECONDS_PER_BYTE: f64 = 5e-5;

/// How long to wait for the reply of a server that has broken off an upload.
const FINAL_REPLY_TIMEOUT: Duration = Duration::from_secs(3);

impl Session {
    /// Uploads `local` from its current position to the file `path`, of which the server has `offset` bytes.
    pub(super) fn store(
        &mut self,
        local: &mut dyn Read,
        path: &str,
        offset: u64,
        observer: Observer<'_>,
    ) -> Result<(), TransferError> {
        let operation = "uploading";
        let mut stream = self.open_data(operation, path, offset, |ftp| ftp.put_with_stream(path))?;
        let sent = match send(local, &mut stream, observer, &self.deadline) {
            Ok(sent) => sent,
            Err(TransferFailure::Peer(error)) => return Err(self.final_reply(stream, error, path)),
            Err(TransferFailure::Local(error)) => {
                self.deadline.close(CloseReason::Requested);
                return Err(error);
            }
        };
        // The deadline holds the socket too, so that dropping it would not tell the server that the file ends. Under
        // TLS the close_notify alert does.
        if let DataStream::Tcp(socket) = stream.get_ref() {
            let _ = socket.shutdown(Shutdown::Write);
        }
        self.deadline.set_timeout(self.timeout + completion_time(sent));
        let finished = stream.finish();
        self.deadline.keep_first(1);
        finished.map_err(|error| self.error_context(operation, path).explain(error))
    }

    /// Explains a broken upload by the server's reply on the control connection, if there is one.
    fn final_reply(&self, stream: TransferStream<RustlsStream>, error: io::Error, path: &str) -> TransferError {
        if self.deadline.close_reason().is_none() {
            self.deadline.set_timeout(FINAL_REPLY_TIMEOUT.min(self.timeout));
            if let Err(reply @ FtpError::UnexpectedResponse(_)) = stream.finish() {
                return self.error_context("uploading", path).explain(reply);
            }
        }
        let mut context = self.error_context("uploading", path);
        context.closed = context.closed.filter(|reason| *reason == CloseReason::Requested);
        context.explain(FtpError::ConnectionError(error))
    }

    /// Downloads the file `path` from `offset` on to `output`, at most `limit` bytes. Returns how many bytes were
    /// copied, with an error if the file is not complete.
    pub(super) fn retrieve(
        &mut self,
        path: &str,
        offset: u64,
        limit: u64,
        output: &mut dyn Write,
        observer: Observer<'_>,
    ) -> (u64, Result<(), TransferError>) {
        let operation = "downloading";
        let mut copied = 0;
        let outcome = self.open_data(operation, path, offset, |ftp| ftp.retr_as_stream(path)).and_then(|mut stream| {
            let broken = match receive(&mut stream, limit, output, observer, &self.deadline, &mut copied) {
                Ok(()) => None,
                Err(TransferFailure::Peer(error)) => Some(FtpError::ConnectionError(error)),
                Err(TransferFailure::Local(error)) => {
                    self.deadline.close(CloseReason::Requested);
                    return Err(error);
                }
            };
            self.deadline.set_timeout(self.timeout);
            let finished = stream.finish();
            self.deadline.keep_first(1);
            match (broken, finished) {
                (None, Ok(())) => Ok(()),
                // Some servers omit the TLS close_notify alert and report success. An attacker who truncates the data
                // looks the same, so the size decides.
                (Some(_), Ok(())) if self.size(path)? == Some(offset + copied) => Ok(()),
                (Some(error), Ok(()) | Err(FtpError::ConnectionError(_))) | (_, Err(error)) => {
                    Err(self.error_context(operation, path).explain(error))
                }
            }
        });
        (copied, outcome)
    }

    /// Opens a data connection with `open`: by EPSV (RFC 2428), or by PASV if the server refuses EPSV.
    pub(super) fn open_data<T>(
        &mut self,
        operation: &str,
        path: &str,
        offset: u64,
        mut open: impl FnMut(&mut ImplFtpStream<RustlsStream>) -> FtpResult<T>,
    ) -> Result<T, TransferError> {
        let mut attempt = |session: &mut Self| {
            session.connection.reset_data_port();
            session.deadline.set_timeout(session.timeout);
            session.ftp.resume_transfer(offset as usize).and_then(|()| open(&mut session.ftp))
        };
        let outcome = match attempt(self) {
            Err(FtpError::UnexpectedResponse(refusal)) if !self.connection.has_data_port() && is_refusal(&refusal) => {
                self.use_pasv();
                // After 421 the server may have closed the connection; its reply explains more than that.
                attempt(self).map_err(|error| match error {
                    FtpError::ConnectionError(_) if refusal.status == Status::NotAvailable => {
                        FtpError::UnexpectedResponse(refusal)
                    }
                    error => error,
                })
            }
            outcome => outcome,
        };
        outcome.map_err(|error| match error {
            // The reply is about EPSV or PASV, not about the file.
            FtpError::UnexpectedResponse(reply) if !self.connection.has_data_port() => {
                self.error_context("opening a data connection", "").no_data_port(&reply)
            }
            error => self.error_context(operation, path).explain(error),
        })
    }
}

/// Returns how long a server may need to receive and store the end of an upload of `sent` bytes.
fn completion_time(sent: u64) -> Duration {
    let sent = sent as f64;
    let seconds = sent * DISK_SECONDS_PER_BYTE + sent.min(MAX_BYTES_IN_TRANSIT) * NETWORK_SECONDS_PER_BYTE;
    Duration::from_secs_f64(seconds)
}

/// Extends the deadline. Under TLS the socket does so itself.
fn record_progress(stream: &TransferStream<RustlsStream>, deadline: &Deadline, bytes: usize) {
    if let DataStream::Tcp(_) = stream.get_ref() {
        deadline.record_progress(bytes);
    }
}

/// Which side ended a transfer early.
enum TransferFailure {
    Local(TransferError),
    Peer(io::Error),
}

fn send(
    local: &mut dyn Read,
    stream: &mut TransferStream<RustlsStream>,
    observer: Observer<'_>,
    deadline: &Deadline,
) -> Result<u64, TransferFailure> {
    let at_client = |source| TransferFailure::Local(TransferError::Local { file: "the encrypted copy".into(), source });
    let mut buffer = vec![0; TRANSFER_BUFFER_BYTES];
    let mut sent = 0;
    loop {
        observer.check_cancelled().map_err(|cancelled| TransferFailure::Local(cancelled.into()))?;
        let count = local.read(&mut buffer).map_err(at_client)?;
        if count == 0 {
            return Ok(sent);
        }
        stream.write_all(&buffer[..count]).map_err(TransferFailure::Peer)?;
        record_progress(stream, deadline, count);
        sent += count as u64;
        observer.advance(count as u64);
    }
}

fn receive(
    stream: &mut TransferStream<RustlsStream>,
    limit: u64,
    output: &mut dyn Write,
    observer: Observer<'_>,
    deadline: &Deadline,
    copied: &mut u64,
) -> Result<(), TransferFailure> {
    let at_client =
        |source| TransferFailure::Local(TransferError::Local { file: "the downloaded copy".into(), source });
    let mut buffer = vec![0; TRANSFER_BUFFER_BYTES];
    loop {
        observer.check_cancelled().map_err(|cancelled| TransferFailure::Local(cancelled.into()))?;
        let count = stream.read(&mut buffer).map_err(TransferFailure::Peer)?;
        if count == 0 {
            return Ok(());
        }
        if *copied + count as u64 > limit {
            return Err(TransferFailure::Local(TransferError::TooLarge { path: "the file".into(), limit }));
        }
        output.write_all(&buffer[..count]).map_err(at_client)?;
        record_progress(stream, deadline, count);
        *copied += count as u64;
        observer.advance(count as u64);
    }
}

fn is_refusal(reply: &Response) -> bool {
    (400..600).contains(&code(reply))
}
