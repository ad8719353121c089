//! One client as the server sees it: its connection, its login and the parameters of its next command. The handlers of
//! its commands are `impl Client` blocks in `auth`, `files`, `data`, `passive`, `active_transfer` and `capabilities`.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tracing::{info, warn};

use super::connections::Connection;
use super::control::ControlConnection;
use super::shared::Shared;
use super::stream::MaybeTlsStream;
use super::virtual_path::VirtualPath;
use crate::foundation::text::sanitize;

/// Characters of an argument that are logged.
const MAX_LOGGED_ARGUMENT: usize = 300;

/// What the session does after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Read the next command.
    Command,
    /// Start the TLS handshake, then read the next command.
    StartTls,
    /// Close the connection.
    End,
}

/// A client and its control connection.
pub(super) struct Client<'s> {
    pub(super) shared: &'s Shared,
    pub(super) connection: Arc<Connection>,
    pub(super) control: ControlConnection,
    /// The server's address that this client is connected to.
    pub(super) local: IpAddr,
    /// Argument of USER, until PASS.
    pub(super) pending_user: Option<String>,
    /// Set once the client has logged in.
    pub(super) user: Option<String>,
    /// Whether the control connection uses TLS.
    pub(super) secure: bool,
    /// Whether data connections use TLS (PROT P).
    pub(super) protect_data: bool,
    /// Working directory.
    pub(super) directory: VirtualPath,
    /// Argument of REST, until the next transfer.
    pub(super) restart_offset: u64,
    /// Argument of RNFR, until the next command.
    pub(super) rename_from: Option<VirtualPath>,
    pub(super) failed_logins: u32,
}

impl<'s> Client<'s> {
    pub(super) fn new(shared: &'s Shared, connection: Arc<Connection>, stream: MaybeTlsStream, local: IpAddr) -> Self {
        Self {
            shared,
            connection,
            control: ControlConnection::new(stream),
            local,
            pending_user: None,
            user: None,
            secure: false,
            protect_data: false,
            directory: VirtualPath::default(),
            restart_offset: 0,
            rename_from: None,
            failed_logins: 0,
        }
    }

    /// Returns the connection's number, the client's address and its user name, as the log names them.
    pub(super) fn log_fields(&self) -> (u64, SocketAddr, &str) {
        (self.connection.id, self.connection.peer, self.user.as_deref().unwrap_or_default())
    }

    /// Logs a command that was refused or failed, and replies. An error because a file exists or does not exist is not
    /// logged: clients routinely check for files in this way.
    pub(super) fn refuse(&mut self, verb: &str, argument: &str, error: &io::Error) -> io::Result<()> {
        if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) {
            let (connection, peer, user) = self.log_fields();
            let path: String = sanitize(argument).chars().take(MAX_LOGGED_ARGUMENT).collect();
            info!(connection, %peer, user, command = verb, path, %error, "refused");
        }
        self.reply_error(error)
    }

    /// Replies with the code and text of an error.
    pub(super) fn reply_error(&mut self, error: &io::Error) -> io::Result<()> {
        let (code, text) = match error.kind() {
            io::ErrorKind::NotFound => (550, "No such file or directory."),
            io::ErrorKind::NotADirectory => (550, "Not a directory."),
            io::ErrorKind::IsADirectory => (550, "Is a directory."),
            io::ErrorKind::DirectoryNotEmpty => (550, "Directory not empty."),
            io::ErrorKind::AlreadyExists => (553, "File or directory already exists."),
            io::ErrorKind::InvalidFilename => (553, "File name not allowed."),
            io::ErrorKind::InvalidInput => (554, "Invalid REST parameter: beyond the end of the file."),
            io::ErrorKind::WouldBlock => (450, "File busy: another connection is writing it."),
            io::ErrorKind::StorageFull => (452, "Insufficient storage space in system."),
            io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => (552, "Exceeded storage allocation."),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => (550, "Permission denied."),
            _ => {
                warn!(connection = self.connection.id, %error, "command failed");
                (451, "Requested action aborted: local error in processing.")
            }
        };
        self.control.reply(code, text)
    }
}
