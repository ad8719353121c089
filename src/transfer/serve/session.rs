//! What one client says, command by command (RFC 959, 2228, 2389, 2428, 3659, 4217).

use std::borrow::Cow;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use tracing::warn;

use super::super::deadline::CloseReason;
use super::connections::Connection;
use super::control::ControlConnection;
use super::shared::Shared;
use super::stream::MaybeTlsStream;
use super::virtual_path::VirtualPath;

/// Commands before a login; honest clients need fewer.
const MAX_COMMANDS_BEFORE_LOGIN: u32 = 20;

/// Whether a session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Command,
    Tls,
    End,
}

/// One control connection and what it has come to.
pub(super) struct Session<'h> {
    pub(super) shared: &'h Shared,
    pub(super) connection: Arc<Connection>,
    pub(super) control: ControlConnection,
    /// Our address, as this client sees it.
    pub(super) local: IpAddr,
    pub(super) pending_user: Option<String>,
    pub(super) user: Option<String>,
    pub(super) secure: bool,
    /// Data connections are under TLS.
    pub(super) protect_data: bool,
    pub(super) folder: VirtualPath,
    pub(super) offset: u64,
    pub(super) rename_from: Option<VirtualPath>,
    pub(super) failures: u32,
}

impl<'h> Session<'h> {
    pub(super) fn new(house: &'h Shared, link: Arc<Connection>, wire: MaybeTlsStream, local: IpAddr) -> Self {
        Self {
            shared: house,
            connection: link,
            control: ControlConnection::new(wire),
            local,
            pending_user: None,
            user: None,
            secure: false,
            protect_data: false,
            folder: VirtualPath::default(),
            offset: 0,
            rename_from: None,
            failures: 0,
        }
    }

    /// Talks until one side ends it, and says why if it is this one.
    pub(super) fn run(mut self) -> io::Result<()> {
        let outcome = self.command_loop();
        if let Some(cut) = self.connection.deadline.close_reason() {
            let text = self.close_text(cut);
            self.control.close_with(421, text);
        }
        outcome
    }

    /// Why the connection ends.
    fn close_text(&self, cut: CloseReason) -> &'static str {
        match (cut, self.user.is_some()) {
            _ if self.shared.is_stopping() => "Service shutting down, closing control connection.",
            (CloseReason::Expired, false) => "Login timeout, closing control connection.",
            (CloseReason::Expired, true) => "Timeout, closing control connection.",
            (CloseReason::Requested, false) => "Too many connections, closing control connection.",
            (CloseReason::Requested, true) => "Another connection continues this upload, closing control connection.",
        }
    }

    fn command_loop(&mut self) -> io::Result<()> {
        self.control.reply(220, "hestat")?;
        let mut strangers_commands = 0;
        // Commands that have come may wait; after a cut, they are not executed any more.
        while self.connection.deadline.close_reason().is_none() {
            if self.user.is_some() {
                self.connection.deadline.set_timeout(self.shared.limits.idle);
            }
            let line = match self.control.read_line() {
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    return self.control.reply(500, "That line is too long.");
                }
                line => line?,
            };
            let Some(line) = line else { return Ok(()) };
            if self.user.is_some() {
                self.connection.deadline.set_timeout(self.shared.limits.transfer);
            } else {
                strangers_commands += 1;
                if strangers_commands > MAX_COMMANDS_BEFORE_LOGIN {
                    return self.control.reply(421, "Too much said without a login.");
                }
            }
            match self.command(&line)? {
                Next::Command => {}
                Next::Tls => {
                    self.control.secure(&self.shared.tls)?;
                    self.secure = true;
                }
                Next::End => return Ok(()),
            }
        }
        Ok(())
    }

    fn command(&mut self, line: &[u8]) -> io::Result<Next> {
        let (verb, argument) = words(line);
        let verb = verb.to_ascii_uppercase();
        if verb != "RNTO" {
            self.rename_from = None;
        }
        let Ok(argument) = std::str::from_utf8(argument) else {
            return self.refuse_bytes(&verb).map(|()| Next::Command);
        };
        match verb.as_str() {
            "QUIT" => {
                self.control.reply(221, "Goodbye.")?;
                return Ok(Next::End);
            }
            "AUTH" => return self.auth(argument),
            "USER" => return self.user(argument),
            "PASS" => return self.password(argument),
            "PBSZ" => self.control.reply(200, "PBSZ=0")?,
            "PROT" => self.protection(argument)?,
            "NOOP" => self.control.reply(200, "Here.")?,
            "FEAT" => self.features()?,
            "SYST" => self.control.reply(215, "UNIX Type: L8")?,
            "HELP" => self
                .control
                .reply(214, "This is hestat serve: encrypted datasets go to inbox, answers come to outbox.")?,
            "OPTS" => self.option(argument)?,
            _ if self.user.is_none() => self.control.reply(530, "Log in first.")?,
            _ => self.authenticated_command(&verb, argument)?,
        }
        Ok(Next::Command)
    }

    /// Names and all else are UTF-8 (RFC 2640): other bytes would have to be replaced, and different names would become one.
    fn refuse_bytes(&mut self, verb: &str) -> io::Result<()> {
        match verb {
            "STOR" | "APPE" | "RNTO" if self.user.is_some() => {
                self.control.reply(553, "File name not allowed: it is not UTF-8.")
            }
            _ if verb.len() > 4 || !verb.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                self.control.reply(502, "No such command here.")
            }
            _ => self.control.reply(501, "Syntax error in parameters or arguments: not UTF-8."),
        }
    }

    /// Commands of those who have logged in.
    fn authenticated_command(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        match verb {
            "CWD" | "XCWD" | "CDUP" | "XCUP" | "PWD" | "XPWD" | "MKD" | "XMKD" | "RMD" | "XRMD" | "DELE" | "RNFR"
            | "RNTO" | "SIZE" | "MDTM" | "MLST" | "STAT" => self.file_command(verb, argument),
            "PASV" | "EPSV" | "REST" | "STOR" | "APPE" | "RETR" | "LIST" | "NLST" | "MLSD" => {
                self.data_command(verb, argument)
            }
            "TYPE" | "MODE" | "STRU" => self.transfer_parameters(verb, argument),
            // If a transfer was going on, it is over by now and has had its own reply.
            "ABOR" => self.control.reply(226, "ABOR command successful."),
            "ALLO" | "ACCT" => self.control.reply(202, "Not needed here."),
            "SITE" => self.site(argument),
            "CCC" => self.control.reply(534, "What began under TLS stays under TLS."),
            "PORT" | "EPRT" => self.control.reply(502, "Only passive connections: say EPSV or PASV."),
            _ => self.control.reply(502, "No such command here."),
        }
    }

    fn features(&mut self) -> io::Result<()> {
        let features = [
            "AUTH TLS",
            "EPSV",
            "MDTM",
            "MLST type*;size*;modify*;",
            "PASV",
            "PBSZ",
            "PROT",
            "REST STREAM",
            "SIZE",
            "TVFS",
            "UTF8",
        ];
        self.control.reply_lines(211, "Features:", &features.map(str::to_owned), "End")
    }

    fn option(&mut self, option: &str) -> io::Result<()> {
        let option = option.to_ascii_uppercase();
        match option.as_str() {
            "UTF8 ON" | "UTF8" => self.control.reply(200, "Always."),
            _ if option.starts_with("MLST") => self.control.reply(200, "MLST OPTS type;size;modify;"),
            _ => self.control.reply(501, "No such option."),
        }
    }

    /// Files go as they are, whatever type is asked for.
    fn transfer_parameters(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        let first = argument.chars().next().map(|c| c.to_ascii_uppercase());
        match (verb, first) {
            ("TYPE", Some('I' | 'A' | 'L')) | ("MODE", Some('S')) | ("STRU", Some('F')) => {
                self.control.reply(200, "So be it.")
            }
            _ => self.control.reply(504, "Not that one."),
        }
    }

    /// What `hestat ping` asks.
    fn site(&mut self, command: &str) -> io::Result<()> {
        if !command.eq_ignore_ascii_case("HESTAT") {
            return self.control.reply(502, "No such command here.");
        }
        let free = self.shared.free_bytes()?;
        self.control.reply(200, &format!("hestat {} free={free}", env!("CARGO_PKG_VERSION")))
    }

    /// Tells the client why its command failed.
    pub(super) fn reply_error(&mut self, error: &io::Error) -> io::Result<()> {
        let (code, text) = match error.kind() {
            io::ErrorKind::NotFound => (550, "There is no such file or folder."),
            io::ErrorKind::NotADirectory => (550, "That is no folder."),
            io::ErrorKind::IsADirectory => (550, "That is a folder."),
            io::ErrorKind::DirectoryNotEmpty => (550, "That folder is not empty."),
            io::ErrorKind::AlreadyExists => (553, "That exists already."),
            io::ErrorKind::InvalidFilename => (553, "That name is not allowed."),
            io::ErrorKind::InvalidInput => (554, "The file is shorter than that."),
            io::ErrorKind::WouldBlock => (450, "Another connection is writing it."),
            io::ErrorKind::StorageFull => (452, "The disk is full."),
            io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => (552, "No more is stored for this account."),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => (550, "That is not permitted."),
            _ => {
                warn!(connection = self.connection.number, %error, "failed");
                (451, "That failed here.")
            }
        };
        self.control.reply(code, text)
    }
}

/// The command of a line, and its argument.
fn words(line: &[u8]) -> (Cow<'_, str>, &[u8]) {
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let (verb, rest) = line.split_at(end);
    (String::from_utf8_lossy(verb), rest.get(1..).unwrap_or_default())
}
