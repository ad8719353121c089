//! The state of one client's session: its connection, its login and the parameters of its next command. The modules
//! for the kinds of commands add their handlers in `impl ClientSession` blocks.

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

/// Maximum number of characters of an argument that are logged after login.
const MAX_LOGGED_ARGUMENT: usize = 300;

/// What the session does after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextAction {
    /// Read the next command.
    ReadCommand,
    /// Start the TLS handshake, then read the next command.
    StartTls,
    /// Close the connection.
    Close,
}

/// A client's session on a control connection.
pub(super) struct ClientSession<'s> {
    pub(super) shared: &'s Shared,
    pub(super) connection: Arc<Connection>,
    pub(super) control: ControlConnection,
    /// The server's IP address to which this client is connected.
    pub(super) local_ip: IpAddr,
    /// Argument of USER, until PASS.
    pub(super) pending_user: Option<String>,
    /// Set once the client has logged in.
    pub(super) user: Option<String>,
    /// Whether the control connection uses TLS.
    pub(super) uses_tls: bool,
    /// Whether data connections use TLS (PROT P).
    pub(super) protect_data: bool,
    /// Working directory.
    pub(super) working_directory: VirtualPath,
    /// Argument of REST, until the next transfer.
    pub(super) restart_offset: u64,
    /// Argument of RNFR, until the next command.
    pub(super) rename_from: Option<VirtualPath>,
    /// Failed logins on this connection.
    pub(super) failed_logins: u32,
}

impl<'s> ClientSession<'s> {
    pub(super) fn new(
        shared: &'s Shared,
        connection: Arc<Connection>,
        stream: MaybeTlsStream,
        local_ip: IpAddr,
    ) -> Self {
        Self {
            shared,
            connection,
            control: ControlConnection::new(stream),
            local_ip,
            pending_user: None,
            user: None,
            uses_tls: false,
            protect_data: false,
            working_directory: VirtualPath::default(),
            restart_offset: 0,
            rename_from: None,
            failed_logins: 0,
        }
    }

    /// Returns the connection's number, the client's address and its user name for the log. The name is empty before
    /// login.
    pub(super) fn log_fields(&self) -> (u64, SocketAddr, &str) {
        (self.connection.id, self.connection.peer, self.user.as_deref().unwrap_or_default())
    }

    /// Logs a command that was refused or failed, and replies. An error because a file exists or does not exist is not
    /// logged: clients routinely check for files in this way. The field `path` of the log is the argument.
    pub(super) fn log_and_reply_error(&mut self, verb: &str, argument: &str, error: &io::Error) -> io::Result<()> {
        if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) {
            let (connection, peer, user) = self.log_fields();
            let path: String = sanitize(argument).chars().take(MAX_LOGGED_ARGUMENT).collect();
            info!(connection, %peer, user, command = verb, path, %error, "refused");
        }
        self.reply_error(error)
    }

    /// Replies with the code and text of an error. The codes are the same for all commands: 553 is also the reply to a
    /// bad name in commands for which RFC 959, section 5.4, lists only 550. For 554 see RFC 1123, section 4.1.2.9. Logs
    /// the errors that have no text of their own.
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
