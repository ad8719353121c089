//! Uploads, downloads, directory listings and their data connections.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use suppaftp::types::Response;
use suppaftp::{DataStream, FtpError, FtpResult, ImplFtpStream, Status, TransferStream};

use super::super::deadline::{CloseReason, Deadline, TRANSFER_BUFFER_BYTES};
use super::super::error::TransferError;
use super::error_mapping::code;
use super::session::Session;
use super::tls::RustlsStream;
use crate::foundation::observer::Observer;

/// Time per byte that a server may need after an upload to write it to its disk.
const DISK_SECONDS_PER_BYTE: f64 = 1e-7;

/// Bytes that may still be in transit when the last byte of an upload has been handed to the system.
const MAX_BYTES_IN_TRANSIT: f64 = 4e6;

/// Time per byte on a slow network.
const NETWORK_SECONDS_PER_BYTE: f64 = 5e-5;

/// How long to wait for the reply of a server that has ended an upload early.
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
            Err(CopyError::Peer(error)) => return Err(self.final_reply(stream, error, path)),
            Err(CopyError::Local(error)) => {
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
        self.deadline.forget_data_sockets();
        finished.map_err(|error| self.error_context(operation, path).into_transfer_error(error))
    }

    /// Explains a broken upload by the server's reply on the control connection, if there is one.
    fn final_reply(&self, stream: TransferStream<RustlsStream>, error: io::Error, path: &str) -> TransferError {
        if self.deadline.close_reason().is_none() {
            self.deadline.set_timeout(FINAL_REPLY_TIMEOUT.min(self.timeout));
            if let Err(reply @ FtpError::UnexpectedResponse(_)) = stream.finish() {
                return self.error_context("uploading", path).into_transfer_error(reply);
            }
        }
        let mut context = self.error_context("uploading", path);
        context.closed = context.closed.filter(|reason| *reason == CloseReason::Requested);
        context.into_transfer_error(FtpError::ConnectionError(error))
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
                Err(CopyError::Peer(error)) => Some(FtpError::ConnectionError(error)),
                Err(CopyError::Local(error)) => {
                    self.deadline.close(CloseReason::Requested);
                    return Err(error);
                }
            };
            self.deadline.set_timeout(self.timeout);
            let finished = stream.finish();
            self.deadline.forget_data_sockets();
            match (broken, finished) {
                (None, Ok(())) => Ok(()),
                // Some servers omit the TLS close_notify alert and report success. An attacker who truncates the data
                // looks the same, so the size decides.
                (Some(_), Ok(())) if self.size(path)? == Some(offset + copied) => Ok(()),
                (Some(error), Ok(()) | Err(FtpError::ConnectionError(_))) | (_, Err(error)) => {
                    Err(self.error_context(operation, path).into_transfer_error(error))
                }
            }
        });
        (copied, outcome)
    }

    /// Returns the names of the files and directories in a directory (NLST). The listing may have at most `limit`
    /// bytes; bytes that are not UTF-8 are replaced. Returns no names if the server refuses the command: for an empty
    /// or missing directory, but also for other reasons.
    pub(super) fn list(&mut self, directory: &str, limit: u64) -> Result<Vec<String>, TransferError> {
        let operation = "listing a directory";
        let command = format!("NLST {directory}");
        let expected = [Status::AboutToSend, Status::AlreadyOpen];
        let opened = self.open_data(operation, directory, 0, |ftp| ftp.custom_data_command(&command, &expected));
        let mut stream = match opened {
            Ok((_, stream)) => stream,
            // Some servers refuse to list an empty or missing directory, with various replies.
            Err(TransferError::Denied { .. } | TransferError::Busy { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut listing = Vec::new();
        let read = (&mut stream).take(limit + 1).read_to_end(&mut listing);
        if listing.len() as u64 > limit {
            self.deadline.close(CloseReason::Requested);
            return Err(TransferError::TooLarge { path: format!("the list of {directory}"), limit });
        }
        self.deadline.set_timeout(self.timeout);
        let finished = stream.finish();
        self.deadline.forget_data_sockets();
        match finished {
            // Some servers omit the TLS close_notify alert and report success, so an error of reading is ignored. A
            // truncated list looks the same.
            Ok(()) => {}
            Err(FtpError::UnexpectedResponse(reply)) if reply.status == Status::FileUnavailable => {}
            Err(error) => {
                let error = read.err().map_or(error, FtpError::ConnectionError);
                return Err(self.error_context(operation, directory).into_transfer_error(error));
            }
        }
        Ok(file_names(&String::from_utf8_lossy(&listing)))
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
            error => self.error_context(operation, path).into_transfer_error(error),
        })
    }
}

/// Returns the names in a listing. Some servers list whole paths, and some list `.` and `..`.
fn file_names(listing: &str) -> Vec<String> {
    let names = listing.lines().map(|line| line.rsplit_once('/').map_or(line, |(_, name)| name));
    names.filter(|name| !["", ".", ".."].contains(name)).map(str::to_owned).collect()
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

/// Why copying between a file and a data connection ended early.
enum CopyError {
    /// An error on this side, or a request to stop.
    Local(TransferError),
    /// An error of the data connection.
    Peer(io::Error),
}

fn send(
    local: &mut dyn Read,
    stream: &mut TransferStream<RustlsStream>,
    observer: Observer<'_>,
    deadline: &Deadline,
) -> Result<u64, CopyError> {
    let at_client = |source| CopyError::Local(TransferError::Local { file: "the encrypted copy".into(), source });
    let mut buffer = vec![0; TRANSFER_BUFFER_BYTES];
    let mut sent = 0;
    loop {
        observer.check_cancelled().map_err(|cancelled| CopyError::Local(cancelled.into()))?;
        let count = local.read(&mut buffer).map_err(at_client)?;
        if count == 0 {
            return Ok(sent);
        }
        stream.write_all(&buffer[..count]).map_err(CopyError::Peer)?;
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
) -> Result<(), CopyError> {
    let at_client = |source| CopyError::Local(TransferError::Local { file: "the downloaded copy".into(), source });
    let mut buffer = vec![0; TRANSFER_BUFFER_BYTES];
    loop {
        observer.check_cancelled().map_err(|cancelled| CopyError::Local(cancelled.into()))?;
        let count = stream.read(&mut buffer).map_err(CopyError::Peer)?;
        if count == 0 {
            return Ok(());
        }
        if *copied + count as u64 > limit {
            return Err(CopyError::Local(TransferError::TooLarge { path: "the file".into(), limit }));
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
