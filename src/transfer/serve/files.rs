//! Commands about files and directories that need no data connection (RFC 959, 3659).

use std::io;

use tracing::info;

use super::Action;
use super::client_session::ClientSession;
use super::limits::DISK_TIMEOUT;
use super::listing::{Listing, format_time, list_line, mlsx_facts};
use super::virtual_fs::VirtualFs;
use super::virtual_path::VirtualPath;
use crate::foundation::root_dir::{Entry, EntryKind};

/// A command about files and directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileCommand {
    PrintDirectory,
    ChangeToParent,
    ChangeDirectory,
    MakeDirectory,
    RemoveDirectory,
    Delete,
    RenameFrom,
    RenameTo,
    Size,
    ModificationTime,
    Facts,
    Status,
}

impl FileCommand {
    /// Returns the command with this name, which may be the older one with an X, as in RFC 775.
    pub(super) fn parse(verb: &str) -> Option<Self> {
        Some(match verb {
            "PWD" | "XPWD" => Self::PrintDirectory,
            "CDUP" | "XCUP" => Self::ChangeToParent,
            "CWD" | "XCWD" => Self::ChangeDirectory,
            "MKD" | "XMKD" => Self::MakeDirectory,
            "RMD" | "XRMD" => Self::RemoveDirectory,
            "DELE" => Self::Delete,
            "RNFR" => Self::RenameFrom,
            "RNTO" => Self::RenameTo,
            "SIZE" => Self::Size,
            "MDTM" => Self::ModificationTime,
            "MLST" => Self::Facts,
            "STAT" => Self::Status,
            _ => return None,
        })
    }
}

/// The reply to a successful command.
enum Reply {
    Line(u16, String),
    /// A reply with this first line and these further lines.
    Multiline(u16, String, Vec<String>),
}

impl Reply {
    fn line(code: u16, text: impl Into<String>) -> Self {
        Self::Line(code, text.into())
    }
}

impl ClientSession<'_> {
    /// Runs a command and replies. `verb` is the command as the client named it.
    pub(super) fn handle_file_command(&mut self, command: FileCommand, verb: &str, argument: &str) -> io::Result<()> {
        if command == FileCommand::Status && !argument.is_empty() {
            return self.list_in_reply(verb, argument);
        }
        self.connection.deadline.set_timeout(DISK_TIMEOUT);
        let outcome = self.try_file_command(command, verb, argument);
        // The disk may take long; the client must take the reply within the transfer timeout.
        self.connection.deadline.set_timeout(self.shared.limits.transfer);
        match outcome {
            Ok(Reply::Line(code, text)) => self.control.reply(code, &text),
            Ok(Reply::Multiline(code, text, lines)) => self.control.reply_lines(code, &text, &lines, "End"),
            Err(error) => self.log_and_reply_error(verb, argument, &error),
        }
    }

    /// Sends a directory listing as a reply. It may be long, so its entries are read while it is sent.
    fn list_in_reply(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        let path = self.working_directory.resolve(argument);
        let opened = path.and_then(|path| Ok((quoted(&path), self.shared.files.list(&path)?)));
        match opened {
            Ok((text, entries)) => {
                let lines = Listing::new(entries, |name, entry| format!(" {}", list_line(name, entry)));
                self.control.reply_from(213, &text, lines)
            }
            Err(error) => self.log_and_reply_error(verb, argument, &error),
        }
    }

    fn try_file_command(&mut self, command: FileCommand, verb: &str, argument: &str) -> io::Result<Reply> {
        // An invalid argument is refused even if the command ignores it, as PWD, CDUP and STAT do.
        let path = self.working_directory.resolve(argument)?;
        let files = &self.shared.files;
        match command {
            FileCommand::PrintDirectory => Ok(self.current_directory(257)),
            FileCommand::ChangeToParent => self.change_directory(self.working_directory.parent()),
            FileCommand::ChangeDirectory => self.change_directory(path),
            FileCommand::MakeDirectory => {
                self.shared.permit(Action::CreateDirectory, &path)?;
                files.create_directory(&path)?;
                self.log_completed(verb, &path);
                Ok(Reply::line(257, format!("{} created.", quoted(&path))))
            }
            FileCommand::RemoveDirectory => {
                self.remove(verb, &path, EntryKind::Directory)?;
                Ok(Reply::line(250, "Directory removed."))
            }
            FileCommand::Delete => {
                self.remove(verb, &path, EntryKind::File)?;
                Ok(Reply::line(250, "File deleted."))
            }
            FileCommand::RenameFrom => {
                self.shared.permit(Action::RenameFrom, &path)?;
                files.entry(&path)?;
                self.rename_from = Some(path);
                Ok(Reply::line(350, "Ready for RNTO."))
            }
            FileCommand::RenameTo => self.rename(verb, &path),
            FileCommand::Size => size(files, &path),
            FileCommand::ModificationTime => Ok(Reply::line(213, format_time(files.entry(&path)?.modified))),
            FileCommand::Facts => {
                let line = mlsx_facts(&path.to_string(), &files.entry(&path)?);
                Ok(Reply::Multiline(250, "Facts:".into(), vec![line]))
            }
            FileCommand::Status => Ok(Reply::line(211, format!("hestat {}", env!("CARGO_PKG_VERSION")))),
        }
    }

    fn current_directory(&self, code: u16) -> Reply {
        Reply::line(code, format!("{} is the current directory.", quoted(&self.working_directory)))
    }

    fn change_directory(&mut self, directory: VirtualPath) -> io::Result<Reply> {
        if !self.shared.files.is_directory(&directory)? {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        self.working_directory = directory;
        Ok(self.current_directory(250))
    }

    fn remove(&self, verb: &str, path: &VirtualPath, kind: EntryKind) -> io::Result<()> {
        self.shared.permit(Action::Remove, path)?;
        self.shared.remove(path, kind)?;
        self.log_completed(verb, path);
        Ok(())
    }

    fn rename(&mut self, verb: &str, path: &VirtualPath) -> io::Result<Reply> {
        let Some(from) = self.rename_from.take() else { return Ok(Reply::line(503, "RNFR required first.")) };
        self.shared.permit(Action::RenameTo, path)?;
        self.shared.rename(&from, path)?;
        self.shared.policy.on_change();
        self.log_completed(verb, path);
        Ok(Reply::line(250, "Rename successful."))
    }

    fn log_completed(&self, verb: &str, path: &VirtualPath) {
        let (connection, peer, user) = self.log_fields();
        info!(connection, %peer, user, command = verb, path = path.sanitized(), "done");
    }
}

fn size(files: &VirtualFs, path: &VirtualPath) -> io::Result<Reply> {
    match files.entry(path)? {
        Entry { kind: EntryKind::File, bytes, .. } => Ok(Reply::line(213, bytes.to_string())),
        _ => Err(io::ErrorKind::IsADirectory.into()),
    }
}

/// Quotes a path for a reply (RFC 959, appendix II).
fn quoted(path: &VirtualPath) -> String {
    format!("\"{}\"", path.to_string().replace('"', "\"\""))
}
