//! The control connection: reads command lines and sends replies.

use std::fmt::Display;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::ServerConfig;

use super::stream::MaybeTlsStream;

/// Maximum length of a command line in bytes, enough for the longest path. It also bounds the input that is buffered
/// during a transfer.
const MAX_LINE: usize = 16 << 10;

/// Bytes per read.
const READ_SIZE: usize = 4 << 10;

/// Bytes of a long reply that are sent at a time.
const SEND_SIZE: usize = 16 << 10;

/// Maximum input that is discarded when the connection is closed. Closing a socket with unread data resets the
/// connection, and the last reply would be lost.
const MAX_DISCARDED: usize = 64 << 10;

/// The result of reading without blocking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadAhead {
    /// All data received so far is in the buffer.
    Drained,
    /// The buffer is full; the rest stays in the socket.
    BufferFull,
    /// The client has closed the connection, or it has failed.
    Closed,
}

/// A control connection and the input that has not been handled yet.
pub(super) struct ControlConnection {
    stream: MaybeTlsStream,
    buffer: Vec<u8>,
}

impl ControlConnection {
    pub(super) fn new(stream: MaybeTlsStream) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// Returns the underlying socket, for polling.
    pub(super) fn socket(&self) -> &TcpStream {
        self.stream.socket()
    }

    /// Reads the next line, and returns it without its end; `None` at the end of the stream.
    ///
    /// # Errors
    /// [`io::ErrorKind::FileTooLarge`] if the line is longer than [`MAX_LINE`], and the errors of the connection.
    pub(super) fn read_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            match self.buffer.iter().position(|byte| *byte == b'\n') {
                Some(end) if end < MAX_LINE => return Ok(Some(self.take_line(end))),
                None if self.buffer.len() < MAX_LINE => {}
                _ => return Err(io::ErrorKind::FileTooLarge.into()),
            }
            if self.read_once()? == 0 {
                return Ok(None);
            }
        }
    }

    /// Reads what has been received, without blocking.
    pub(super) fn read_ahead(&mut self) -> ReadAhead {
        self.stream.set_blocking(false);
        let outcome = loop {
            if self.buffer.len() >= MAX_LINE {
                break ReadAhead::BufferFull;
            }
            match self.read_once() {
                Ok(0) => break ReadAhead::Closed,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break ReadAhead::Drained,
                // The next call of `read_line` fails with the same error.
                Err(_) => break ReadAhead::Closed,
            }
        };
        self.stream.set_blocking(true);
        outcome
    }

    /// Removes the next line from the buffer if it is one of these commands, without an argument.
    pub(super) fn take_command(&mut self, verbs: &[&'static str]) -> Option<&'static str> {
        let end = self.buffer.iter().position(|byte| *byte == b'\n')?;
        let verb = verbs.iter().find(|verb| is_command(&self.buffer[..end], verb))?;
        self.take_line(end);
        Some(verb)
    }

    /// Returns whether a buffered line is this command.
    pub(super) fn has_received(&self, verb: &str) -> bool {
        self.buffer.split_inclusive(|byte| *byte == b'\n').any(|line| line.ends_with(b"\n") && is_command(line, verb))
    }

    /// Sends a reply of one line.
    pub(super) fn reply(&mut self, code: u16, text: &str) -> io::Result<()> {
        self.send(&format!("{code} {text}\r\n"))
    }

    /// Sends a reply during a transfer. It does not extend the deadline, which only the transfer's own bytes do.
    pub(super) fn reply_during_transfer(&mut self, code: u16, text: &str) -> io::Result<()> {
        self.stream.set_extends_deadline(false);
        let outcome = self.reply(code, text);
        self.stream.set_extends_deadline(true);
        outcome
    }

    /// Sends a reply of several lines (RFC 959, section 4.2).
    pub(super) fn reply_lines(&mut self, code: u16, first: &str, lines: &[impl Display], last: &str) -> io::Result<()> {
        let lines: String = lines.iter().map(|line| format!(" {line}\r\n")).collect();
        self.send(&format!("{code}-{first}\r\n{lines}{code} {last}\r\n"))
    }

    /// Sends a reply of several lines, which are read from `lines`. Each of them must begin with a space.
    pub(super) fn reply_from(&mut self, code: u16, first: &str, mut lines: impl Read) -> io::Result<()> {
        self.send(&format!("{code}-{first}\r\n"))?;
        let mut buffer = vec![0; SEND_SIZE];
        let last = loop {
            match lines.read(&mut buffer) {
                Ok(0) => break "End",
                Ok(count) => self.send_bytes(&buffer[..count])?,
                Err(_) => break "End; the listing is incomplete",
            }
        };
        self.send(&format!("{code} {last}\r\n"))
    }

    /// Sends a reply without blocking; it is lost if the client is not reading.
    pub(super) fn reply_without_waiting(&mut self, code: u16, text: &str) {
        self.stream.set_blocking(false);
        let _ = self.reply(code, text);
        self.stream.set_blocking(true);
    }

    /// Sends a last reply and ends the connection, without blocking.
    pub(super) fn close_with(&mut self, code: u16, text: &str) {
        self.stream.set_blocking(false);
        let _ = self.reply(code, text).and_then(|()| self.stream.finish());
        let (mut buffer, mut discarded) = ([0; READ_SIZE], 0);
        while let Ok(count @ 1..) = self.stream.read(&mut buffer) {
            discarded += count;
            if discarded > MAX_DISCARDED {
                break;
            }
        }
    }

    /// Performs the TLS handshake.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if plain-text input is buffered: an attacker could have injected it, and it would
    /// be taken for the client's. Otherwise the errors of the handshake.
    pub(super) fn start_tls(&mut self, config: &Arc<ServerConfig>) -> io::Result<()> {
        if !self.buffer.is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.stream.start_tls(config)
    }

    fn send(&mut self, text: &str) -> io::Result<()> {
        self.send_bytes(text.as_bytes())
    }

    fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// Reads once into the buffer, and returns the number of bytes read.
    fn read_once(&mut self) -> io::Result<usize> {
        let mut input = [0; READ_SIZE];
        let count = loop {
            match self.stream.read(&mut input) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => break outcome?,
            }
        };
        self.buffer.extend_from_slice(&input[..count]);
        Ok(count)
    }

    /// Removes the first line from the buffer; its line feed is at `end`.
    fn take_line(&mut self, end: usize) -> Vec<u8> {
        let rest = self.buffer.split_off(end + 1);
        let line = std::mem::replace(&mut self.buffer, rest);
        trimmed(&line).to_vec()
    }
}

/// Strips the line end, and the Telnet signals that precede ABOR (RFC 959, section 4.1.3).
fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let start = line.iter().position(|byte| *byte < 0xF0).unwrap_or(line.len());
    &line[start..]
}

fn is_command(line: &[u8], verb: &str) -> bool {
    trimmed(line).trim_ascii_end().eq_ignore_ascii_case(verb.as_bytes())
}
