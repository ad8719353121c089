//! Commands that need a data connection: EPSV, PASV, REST, uploads, downloads and directory listings.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use tracing::info;

use super::Action;
use super::active_transfer::ActiveTransfer;
use super::client::Client;
use super::data_transfer::{DataTransfer, Payload};
use super::failure::TransferFailure;
use super::limits::THREAD_STACK_SIZE;
use super::listing::{Listing, list_line, mlsx_facts};
use super::virtual_path::VirtualPath;

/// A finished transfer, for the log.
struct TransferRecord<'t> {
    verb: &'t str,
    path: &'t VirtualPath,
    offset: u64,
    bytes: u64,
    started: Instant,
    is_aborted: bool,
}

impl Client<'_> {
    pub(super) fn data_command(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        if !self.protect_data && !self.shared.allow_plain && verb != "REST" {
            return self.control.reply(521, "Policy requires TLS on data connections; use PROT P first.");
        }
        match verb {
            "PASV" | "EPSV" => self.enter_passive_mode(verb, argument),
            "REST" => match argument.parse() {
                Ok(offset) => {
                    self.restart_offset = offset;
                    self.control.reply(350, &format!("Restarting at {offset}. Send STORE or RETRIEVE."))
                }
                Err(_) => self.control.reply(501, "Syntax error in parameters: not a byte offset."),
            },
            _ => {
                let outcome = self.transfer(verb, argument);
                self.connection.set_writing(None);
                outcome
            }
        }
    }

    fn transfer(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        // The offset is for this transfer only, even if it fails.
        let offset = std::mem::take(&mut self.restart_offset);
        let Some(listener) = self.connection.take_port() else {
            return self.control.reply(425, "Use EPSV or PASV first; a port stays open for 15 seconds.");
        };
        let started = Instant::now();
        let (path, offset, payload) = match self.open_payload(verb, argument, offset) {
            Ok(opened) => opened,
            Err(error) => return self.refuse(verb, argument, &error),
        };
        let active = ActiveTransfer::new(verb, &path);
        let outcome = match self.accept_data_connection(listener, &active)? {
            Some(socket) => self.run_transfer(socket, payload, offset, &path, &active),
            None if active.is_aborted() => Err(TransferFailure::aborted()),
            None => return Ok(()),
        };
        self.connection.deadline.keep_first(1);
        let (bytes, is_aborted) = (active.bytes(), active.is_aborted());
        self.conclude(&TransferRecord { verb, path: &path, offset, bytes, started, is_aborted }, outcome)
    }

    /// Runs the transfer in its own thread, and handles the client's commands in the meantime.
    fn run_transfer(
        &mut self,
        socket: TcpStream,
        payload: Payload,
        offset: u64,
        path: &VirtualPath,
        active: &ActiveTransfer<'_>,
    ) -> Result<(), TransferFailure> {
        let transfer = DataTransfer {
            shared: self.shared,
            connection: Arc::clone(&self.connection),
            use_tls: self.protect_data,
            path,
            active,
        };
        let (finished, finish) = io::pipe().map_err(TransferFailure::Local)?;
        thread::scope(|scope| {
            let run = move || {
                // Dropped when the transfer ends: polling `finished` then reports the end of the pipe.
                let _finish = finish;
                transfer.run(socket, payload, offset)
            };
            let thread = thread::Builder::new().stack_size(THREAD_STACK_SIZE).spawn_scoped(scope, run);
            let thread = thread.map_err(TransferFailure::Local)?;
            self.handle_input_until(&finished, active);
            let panicked = |_| Err(TransferFailure::Local(io::Error::other("a transfer thread panicked")));
            thread.join().unwrap_or_else(panicked)
        })
    }

    /// Logs a transfer, and replies.
    fn conclude(&mut self, record: &TransferRecord<'_>, outcome: Result<(), TransferFailure>) -> io::Result<()> {
        let (event, error) = match &outcome {
            Ok(()) => ("done", None),
            Err(TransferFailure::Local(error)) => ("failed", Some(error)),
            Err(TransferFailure::Peer(error)) => ("interrupted", Some(error)),
        };
        let TransferRecord { verb, path, offset, bytes, started, is_aborted } = *record;
        let (connection, peer, user) = self.log_fields();
        let (error, milliseconds) = (error.map(tracing::field::display), started.elapsed().as_millis() as u64);
        let path = path.sanitized();
        info!(connection, %peer, user, command = verb, path, offset, bytes, milliseconds, error, "{event}");
        match outcome {
            Ok(()) => self.control.reply(226, "Transfer complete."),
            Err(TransferFailure::Local(error)) => self.reply_error(&error),
            Err(TransferFailure::Peer(_)) if self.connection.deadline.close_reason().is_some() => {
                self.control.reply_without_waiting(426, "Connection closed by the server; transfer aborted.");
                Ok(())
            }
            Err(TransferFailure::Peer(_)) if is_aborted => {
                self.control.reply(426, "Connection closed; transfer aborted.")
            }
            Err(TransferFailure::Peer(_)) => self.control.reply(426, "Data connection lost; transfer aborted."),
        }
    }

    /// Opens what a command transfers; also returns its path, and the offset at which the transfer starts.
    fn open_payload(&self, verb: &str, argument: &str, offset: u64) -> io::Result<(VirtualPath, u64, Payload)> {
        let files = &self.shared.files;
        // Some clients send options of `ls` before the name.
        let name = if matches!(verb, "LIST" | "NLST") && argument.starts_with('-') {
            argument.split_once(' ').map_or("", |(_, name)| name)
        } else {
            argument
        };
        let path = self.directory.resolve(name)?;
        let source: Box<dyn Read + Send> = match verb {
            "STOR" | "APPE" => {
                let file = self.open_for_writing(&path)?;
                let length = file.metadata()?.len();
                let offset = if verb == "APPE" { length } else { check_offset(offset, length)? };
                return Ok((path, offset, Payload::Upload(file)));
            }
            "RETR" => {
                let mut file = files.read(&path)?;
                file.seek(SeekFrom::Start(check_offset(offset, file.metadata()?.len())?))?;
                Box::new(file)
            }
            "NLST" => Box::new(Listing::new(files.list(&path)?, |name, _| name.to_owned())),
            "MLSD" => Box::new(Listing::new(files.list(&path)?, mlsx_facts)),
            _ => Box::new(Listing::new(files.list(&path)?, list_line)),
        };
        Ok((path, offset, Payload::Download(source)))
    }

    /// Opens a file, and locks it against other writers, renaming and removal.
    fn open_for_writing(&self, path: &VirtualPath) -> io::Result<File> {
        self.shared.permit(Action::Write, path)?;
        self.shared.retry_while_locked(path, || {
            let file = self.shared.files.write(path)?;
            self.connection.set_writing(Some(path));
            Ok(file)
        })
    }
}

/// Returns `offset` if it is within a file of this length.
fn check_offset(offset: u64, length: u64) -> io::Result<u64> {
    let beyond = || io::Error::new(io::ErrorKind::InvalidInput, "the offset is beyond the end of the file");
    if offset > length { Err(beyond()) } else { Ok(offset) }
}
