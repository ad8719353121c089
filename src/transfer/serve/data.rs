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
use super::client_session::ClientSession;
use super::data_transfer::{DataTransfer, Payload, TransferFailure};
use super::limits::THREAD_STACK_SIZE;
use super::listing::{Listing, list_line, mlsx_facts};
use super::virtual_path::VirtualPath;

/// A command that needs a data connection, or prepares one.
#[derive(Debug, Clone, Copy)]
pub(super) enum DataCommand {
    Passive(PassiveCommand),
    Restart,
    Transfer(TransferCommand),
}

/// A command that opens a port for the next data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PassiveCommand {
    Pasv,
    Epsv,
}

/// A command that transfers data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransferCommand {
    Store,
    Append,
    Retrieve,
    List,
    NameList,
    MachineList,
}

impl DataCommand {
    /// Returns the command with this name.
    pub(super) fn parse(verb: &str) -> Option<Self> {
        Some(match verb {
            "PASV" => Self::Passive(PassiveCommand::Pasv),
            "EPSV" => Self::Passive(PassiveCommand::Epsv),
            "REST" => Self::Restart,
            "STOR" => Self::Transfer(TransferCommand::Store),
            "APPE" => Self::Transfer(TransferCommand::Append),
            "RETR" => Self::Transfer(TransferCommand::Retrieve),
            "LIST" => Self::Transfer(TransferCommand::List),
            "NLST" => Self::Transfer(TransferCommand::NameList),
            "MLSD" => Self::Transfer(TransferCommand::MachineList),
            _ => return None,
        })
    }
}

/// A finished transfer, for the log.
struct TransferRecord<'t> {
    verb: &'t str,
    path: &'t VirtualPath,
    offset: u64,
    bytes: u64,
    started: Instant,
    is_aborted: bool,
}

impl ClientSession<'_> {
    /// Runs a command and replies. `verb` is its name.
    pub(super) fn handle_data_command(&mut self, command: DataCommand, verb: &str, argument: &str) -> io::Result<()> {
        let is_allowed = self.protect_data || self.shared.allow_plain;
        match command {
            DataCommand::Restart => self.set_restart_offset(argument),
            _ if !is_allowed => self.control.reply(521, "Policy requires TLS on data connections; use PROT P first."),
            DataCommand::Passive(command) => self.enter_passive_mode(command, argument),
            DataCommand::Transfer(command) => {
                let outcome = self.transfer(command, verb, argument);
                self.connection.set_writing(None);
                outcome
            }
        }
    }

    fn set_restart_offset(&mut self, argument: &str) -> io::Result<()> {
        let Ok(offset) = argument.parse() else {
            return self.control.reply(501, "Syntax error in parameters: not a byte offset.");
        };
        self.restart_offset = offset;
        self.control.reply(350, &format!("Restarting at {offset}. Send STORE or RETRIEVE."))
    }

    fn transfer(&mut self, command: TransferCommand, verb: &str, argument: &str) -> io::Result<()> {
        // The offset is for this transfer only, even if it fails.
        let offset = std::mem::take(&mut self.restart_offset);
        let Some(listener) = self.connection.take_port() else {
            return self.control.reply(425, "Use EPSV or PASV first; a port stays open for 15 seconds.");
        };
        let started = Instant::now();
        let (path, offset, payload) = match self.open_payload(command, argument, offset) {
            Ok(opened) => opened,
            Err(error) => return self.log_and_reply_error(verb, argument, &error),
        };
        let active = ActiveTransfer::new(verb, &path);
        let outcome = match self.accept_data_connection(listener, &active)? {
            Some(socket) => self.run_transfer(socket, payload, offset, &path, &active),
            None if active.is_aborted() => Err(TransferFailure::aborted()),
            None => return Ok(()),
        };
        self.connection.deadline.forget_data_sockets();
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
    fn open_payload(
        &self,
        command: TransferCommand,
        argument: &str,
        offset: u64,
    ) -> io::Result<(VirtualPath, u64, Payload)> {
        let files = &self.shared.files;
        let path = self.working_directory.resolve(without_options(command, argument))?;
        let source: Box<dyn Read + Send> = match command {
            TransferCommand::Store | TransferCommand::Append => {
                let file = self.open_for_writing(&path)?;
                let length = file.metadata()?.len();
                let offset = if command == TransferCommand::Append { length } else { check_offset(offset, length)? };
                return Ok((path, offset, Payload::Upload(file)));
            }
            TransferCommand::Retrieve => {
                let mut file = files.read(&path)?;
                file.seek(SeekFrom::Start(check_offset(offset, file.metadata()?.len())?))?;
                Box::new(file)
            }
            TransferCommand::NameList => Box::new(Listing::new(files.list(&path)?, |name, _| name.to_owned())),
            TransferCommand::MachineList => Box::new(Listing::new(files.list(&path)?, mlsx_facts)),
            TransferCommand::List => Box::new(Listing::new(files.list(&path)?, list_line)),
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

/// Returns the name in an argument: some clients send options of `ls` before it.
fn without_options(command: TransferCommand, argument: &str) -> &str {
    let may_have_options = matches!(command, TransferCommand::List | TransferCommand::NameList);
    if may_have_options && argument.starts_with('-') {
        argument.split_once(' ').map_or("", |(_, name)| name)
    } else {
        argument
    }
}

/// Returns `offset` if it is within a file of this length.
fn check_offset(offset: u64, length: u64) -> io::Result<u64> {
    let beyond = || io::Error::new(io::ErrorKind::InvalidInput, "the offset is beyond the end of the file");
    if offset > length { Err(beyond()) } else { Ok(offset) }
}
