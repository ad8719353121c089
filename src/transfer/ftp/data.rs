//! Files going to a server and coming from it.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use suppaftp::types::Response;
use suppaftp::{DataStream, FtpError, FtpResult, ImplFtpStream, Status, TransferStream};

use super::super::deadline::{CloseReason, Deadline, PIECE};
use super::super::error::TransferError;
use super::failure::code;
use super::session::Session;
use super::tls::RustlsStream;
use crate::foundation::observer::Observer;

/// After an upload the server may take this long, in seconds per byte, to get all of it to its disk.
const DISK_SECONDS_PER_BYTE: f64 = 1e-7;

/// When the last byte of an upload has been handed to the system, so many may still be on their way, and a slow line takes
/// this long for each.
const BYTES_ON_THEIR_WAY: f64 = 4e6;
const LINE_SECONDS_PER_BYTE: f64 = 5e-5;

/// How long a server is listened to that broke off an upload: it may say why.
const FINAL_REPLY_TIMEOUT: Duration = Duration::from_secs(3);

impl Session {
    /// Sends the rest of `local`, of which the server has `offset` bytes under `name`.
    pub(in crate::transfer) fn store(
        &mut self,
        local: &mut dyn Read,
        name: &str,
        offset: u64,
        observer: &dyn Observer,
    ) -> Result<(), TransferError> {
        let doing = "uploading";
        let mut stream = self.open_data(doing, name, offset, |ftp| ftp.put_with_stream(name))?;
        let sent = match send(local, &mut stream, observer, &self.watch) {
            Ok(sent) => sent,
            Err(Interrupted::ByThem(error)) => return Err(self.final_reply(stream, error, name)),
            Err(Interrupted::ByUs(error)) => {
                self.watch.close(CloseReason::Wanted);
                return Err(error);
            }
        };
        // The watch holds the socket too, so that closing it here would tell the server nothing; under TLS, closing does.
        if let DataStream::Tcp(socket) = stream.get_ref() {
            drop(socket.shutdown(Shutdown::Write));
        }
        let sent = sent as f64;
        let patience = sent * DISK_SECONDS_PER_BYTE + sent.min(BYTES_ON_THEIR_WAY) * LINE_SECONDS_PER_BYTE;
        self.watch.set_timeout(self.timeout + Duration::from_secs_f64(patience));
        let finished = stream.finish();
        self.watch.keep(1);
        finished.map_err(|error| self.circumstances(doing, name).explain(error))
    }

    /// A server that breaks off an upload says why on the control connection.
    fn final_reply(&self, stream: TransferStream<RustlsStream>, error: io::Error, name: &str) -> TransferError {
        if self.watch.close_reason().is_none() {
            self.watch.set_timeout(FINAL_REPLY_TIMEOUT.min(self.timeout));
            if let Err(reply @ FtpError::UnexpectedResponse(_)) = stream.finish() {
                return self.circumstances("uploading", name).explain(reply);
            }
        }
        let mut circumstances = self.circumstances("uploading", name);
        circumstances.cut = circumstances.cut.filter(|cut| *cut == CloseReason::Wanted);
        circumstances.explain(FtpError::ConnectionError(error))
    }

    /// Copies the file `name` from `offset` on to `output`, as long as that takes no more than `limit` bytes; returns how
    /// many were copied, and why there were no more if that was not the end.
    pub(in crate::transfer) fn retrieve(
        &mut self,
        name: &str,
        offset: u64,
        limit: u64,
        output: &mut dyn Write,
        observer: &dyn Observer,
    ) -> (u64, Result<(), TransferError>) {
        let doing = "downloading";
        let mut copied = 0;
        let outcome = self.open_data(doing, name, offset, |ftp| ftp.retr_as_stream(name)).and_then(|mut stream| {
            let cut_off = match receive(&mut stream, limit, output, observer, &self.watch, &mut copied) {
                Ok(()) => None,
                Err(Interrupted::ByThem(error)) => Some(FtpError::ConnectionError(error)),
                Err(Interrupted::ByUs(error)) => {
                    self.watch.close(CloseReason::Wanted);
                    return Err(error);
                }
            };
            self.watch.set_timeout(self.timeout);
            let finished = stream.finish();
            self.watch.keep(1);
            match (cut_off, finished) {
                (None, Ok(())) => Ok(()),
                // Some servers end the connection without the TLS alert that says so, and say that all is sent; but so they
                // do when somebody in between cut off the end.
                (Some(_), Ok(())) if self.size(name)? == Some(offset + copied) => Ok(()),
                (Some(error), Ok(()) | Err(FtpError::ConnectionError(_))) | (_, Err(error)) => {
                    Err(self.circumstances(doing, name).explain(error))
                }
            }
        });
        (copied, outcome)
    }

    /// Opens a data connection: by EPSV (RFC 2428), or by PASV if the server refuses EPSV for whatever reason.
    pub(super) fn open_data<T>(
        &mut self,
        doing: &str,
        place: &str,
        offset: u64,
        mut open: impl FnMut(&mut ImplFtpStream<RustlsStream>) -> FtpResult<T>,
    ) -> Result<T, TransferError> {
        let mut attempt = |session: &mut Self| {
            session.line.forget_port();
            session.watch.set_timeout(session.timeout);
            session
                .ftp
                .resume_transfer(usize::try_from(offset).unwrap_or(usize::MAX))
                .and_then(|()| open(&mut session.ftp))
        };
        let outcome = match attempt(self) {
            Err(FtpError::UnexpectedResponse(refusal)) if !self.line.has_port() && is_refusal(&refusal) => {
                self.avoid_epsv();
                // After 421, the server may have closed the connection: then the reply explains more.
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
            // Whoever refuses a port has said nothing about the file.
            FtpError::UnexpectedResponse(reply) if !self.line.has_port() => {
                self.circumstances("opening a data connection", "").no_port(&reply)
            }
            error => self.circumstances(doing, place).explain(error),
        })
    }
}

/// Under TLS the socket counts by itself.
fn moved(stream: &TransferStream<RustlsStream>, watch: &Deadline, bytes: usize) {
    if let DataStream::Tcp(_) = stream.get_ref() {
        watch.record_progress(bytes);
    }
}

enum Interrupted {
    ByUs(TransferError),
    ByThem(io::Error),
}

fn send(
    local: &mut dyn Read,
    stream: &mut TransferStream<RustlsStream>,
    observer: &dyn Observer,
    watch: &Deadline,
) -> Result<u64, Interrupted> {
    let mut piece = vec![0; PIECE];
    let mut sent = 0;
    loop {
        observer.check_cancelled().map_err(|stopped| Interrupted::ByUs(stopped.into()))?;
        let here = |source| Interrupted::ByUs(TransferError::Local { place: "the spooled ciphertext".into(), source });
        let count = local.read(&mut piece).map_err(here)?;
        if count == 0 {
            return Ok(sent);
        }
        stream.write_all(piece.get(..count).unwrap_or_default()).map_err(Interrupted::ByThem)?;
        moved(stream, watch, count);
        sent += count as u64;
        observer.advance(count as u64);
    }
}

fn receive(
    stream: &mut TransferStream<RustlsStream>,
    limit: u64,
    output: &mut dyn Write,
    observer: &dyn Observer,
    watch: &Deadline,
    copied: &mut u64,
) -> Result<(), Interrupted> {
    let mut piece = vec![0; PIECE];
    loop {
        observer.check_cancelled().map_err(|stopped| Interrupted::ByUs(stopped.into()))?;
        let count = stream.read(&mut piece).map_err(Interrupted::ByThem)?;
        if count == 0 {
            return Ok(());
        }
        if *copied + count as u64 > limit {
            return Err(Interrupted::ByUs(TransferError::TooLarge { place: "a file".into(), limit }));
        }
        let local = |source| Interrupted::ByUs(TransferError::Local { place: "the downloaded copy".into(), source });
        output.write_all(piece.get(..count).unwrap_or_default()).map_err(local)?;
        moved(stream, watch, count);
        *copied += count as u64;
        observer.advance(count as u64);
    }
}

fn is_refusal(reply: &Response) -> bool {
    (400..600).contains(&code(reply))
}
