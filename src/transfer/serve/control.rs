//! The control connection: lines come in, replies go out.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::ServerConfig;

use super::stream::MaybeTlsStream;

/// The longest line of a command, in bytes: room for the longest path. So much is kept of what comes during a transfer, too.
const LONGEST_LINE: usize = 16 << 10;

/// Bytes that are read at a time.
const CHUNK: usize = 4 << 10;

/// Bytes of lines that are sent at a time.
const LINES: usize = 16 << 10;

/// What is thrown away of what still comes when the connection is closed: unread bytes would reset it, and take the last reply
/// with them.
const MOST_DISCARDED: usize = 64 << 10;

/// Whether more may come while nobody waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadAhead {
    /// All that has come is here.
    Drained,
    /// There is no room for more before some of it has been taken.
    BufferFull,
    /// Nothing more will come.
    Closed,
}

/// A control connection, and what has come over it and has not been taken as a command yet.
pub(super) struct ControlConnection {
    wire: MaybeTlsStream,
    buffered: Vec<u8>,
}

impl ControlConnection {
    pub(super) fn new(wire: MaybeTlsStream) -> Self {
        Self { wire, buffered: Vec::new() }
    }

    /// The socket beneath, to wait for.
    pub(super) fn socket(&self) -> &TcpStream {
        self.wire.socket()
    }

    /// The next line without its end; `None` if there will be none.
    ///
    /// # Errors
    /// [`io::ErrorKind::FileTooLarge`] for a line that is too long.
    pub(super) fn read_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            match self.buffered.iter().position(|byte| *byte == b'\n') {
                Some(end) if end < LONGEST_LINE => return Ok(Some(self.take(end))),
                None if self.buffered.len() < LONGEST_LINE => {}
                _ => return Err(io::ErrorKind::FileTooLarge.into()),
            }
            if self.read_once()? == 0 {
                return Ok(None);
            }
        }
    }

    /// Takes in what has come, without waiting for more.
    pub(super) fn read_ahead(&mut self) -> ReadAhead {
        self.wire.set_waiting(false);
        let heard = loop {
            if self.buffered.len() >= LONGEST_LINE {
                break ReadAhead::BufferFull;
            }
            match self.read_once() {
                Ok(0) => break ReadAhead::Closed,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break ReadAhead::Drained,
                // Whoever waits for the next line will get it again.
                Err(_) => break ReadAhead::Closed,
            }
        };
        self.wire.set_waiting(true);
        heard
    }

    /// Takes the next line of those that have come if it is one of these commands, with no argument.
    pub(super) fn take_command(&mut self, verbs: &[&'static str]) -> Option<&'static str> {
        let end = self.buffered.iter().position(|byte| *byte == b'\n')?;
        let verb = verbs.iter().find(|verb| is_command(self.buffered.get(..end).unwrap_or_default(), verb))?;
        self.take(end);
        Some(verb)
    }

    /// Whether a line that has come is this command.
    pub(super) fn has(&self, verb: &str) -> bool {
        self.buffered.split_inclusive(|byte| *byte == b'\n').any(|line| line.ends_with(b"\n") && is_command(line, verb))
    }

    pub(super) fn reply(&mut self, code: u16, text: &str) -> io::Result<()> {
        self.send(&format!("{code} {text}\r\n"))
    }

    /// A reply during a transfer, for which only its own bytes earn time.
    pub(super) fn reply_during_transfer(&mut self, code: u16, text: &str) -> io::Result<()> {
        self.wire.set_earning(false);
        let outcome = self.reply(code, text);
        self.wire.set_earning(true);
        outcome
    }

    /// A reply of several lines (RFC 959, section 4.2).
    pub(super) fn reply_lines(&mut self, code: u16, first: &str, lines: &[String], last: &str) -> io::Result<()> {
        let lines: String = lines.iter().map(|line| format!(" {line}\r\n")).collect();
        self.send(&format!("{code}-{first}\r\n{lines}{code} {last}\r\n"))
    }

    /// The same with lines that are read while they are sent; each must begin with a blank.
    pub(super) fn reply_from(&mut self, code: u16, first: &str, mut lines: impl Read) -> io::Result<()> {
        self.send(&format!("{code}-{first}\r\n"))?;
        let mut piece = vec![0; LINES];
        let last = loop {
            match lines.read(&mut piece) {
                Ok(0) => break "End",
                Ok(count) => self.send_bytes(piece.get(..count).unwrap_or_default())?,
                Err(_) => break "End; not all could be read",
            }
        };
        self.send(&format!("{code} {last}\r\n"))
    }

    /// A reply to a client that may not be reading: it is lost if it cannot be sent at once.
    pub(super) fn reply_without_waiting(&mut self, code: u16, text: &str) {
        self.wire.set_waiting(false);
        drop(self.reply(code, text));
        self.wire.set_waiting(true);
    }

    /// Ends the connection with this reply, without waiting for the client.
    pub(super) fn close_with(&mut self, code: u16, text: &str) {
        self.wire.set_waiting(false);
        drop(self.reply(code, text).and_then(|()| self.wire.finish()));
        let (mut scrap, mut discarded) = ([0; CHUNK], 0);
        while let Ok(count @ 1..) = self.wire.read(&mut scrap) {
            discarded += count;
            if discarded > MOST_DISCARDED {
                break;
            }
        }
    }

    /// Puts the connection under TLS. What was sent before TLS began is not believed to come from the same peer.
    pub(super) fn secure(&mut self, config: &Arc<ServerConfig>) -> io::Result<()> {
        if !self.buffered.is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.wire.secure(config)
    }

    fn send(&mut self, text: &str) -> io::Result<()> {
        self.send_bytes(text.as_bytes())
    }

    fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire.write_all(bytes)?;
        self.wire.flush()
    }

    /// Reads once; how many bytes came.
    fn read_once(&mut self) -> io::Result<usize> {
        let mut chunk = [0; CHUNK];
        let count = loop {
            match self.wire.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => break outcome?,
            }
        };
        self.buffered.extend_from_slice(chunk.get(..count).unwrap_or_default());
        Ok(count)
    }

    /// Takes the line that ends here.
    fn take(&mut self, end: usize) -> Vec<u8> {
        let rest = self.buffered.split_off(end + 1);
        let line = std::mem::replace(&mut self.buffered, rest);
        trimmed(&line).to_vec()
    }
}

/// A line without its end, and without the signals of Telnet that come before ABOR (RFC 959, section 4.1.3).
fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let said = line.iter().position(|byte| *byte < 0xF0).unwrap_or(line.len());
    line.get(said..).unwrap_or_default()
}

fn is_command(line: &[u8], verb: &str) -> bool {
    trimmed(line).trim_ascii_end().eq_ignore_ascii_case(verb.as_bytes())
}
