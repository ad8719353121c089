//! Commands about files and directories that need no data connection.

use std::io;

use tracing::info;

use super::Action;
use super::client::Client;
use super::limits::DISK_TIMEOUT;
use super::listing::{Listing, format_time, list_line, mlsx_facts};
use super::virtual_fs::VirtualFs;
use super::virtual_path::VirtualPath;
use crate::foundation::root_dir::{Entry, EntryKind};

/// A reply of one or more lines.
struct Reply {
    code: u16,
    text: String,
    lines: Option<Vec<String>>,
}

impl Reply {
    fn new(code: u16, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), lines: None }
    }
}

impl Client<'_> {
    pub(super) fn file_command(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        if verb == "STAT" && !argument.is_empty() {
            return self.list_in_reply(verb, argument);
        }
        self.connection.deadline.set_timeout(DISK_TIMEOUT);
        let outcome = self.try_file_command(verb, argument);
        // Disk access may be slow; sending the reply must not be.
        self.connection.deadline.set_timeout(self.shared.limits.transfer);
        match outcome {
            Ok(Reply { code, text, lines: None }) => self.control.reply(code, &text),
            Ok(Reply { code, text, lines: Some(lines) }) => self.control.reply_lines(code, &text, &lines, "End"),
            Err(error) => self.refuse(verb, argument, &error),
        }
    }

    /// Sends a directory listing as a reply, entry by entry.
    fn list_in_reply(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        let path = self.directory.resolve(argument);
        let opened = path.and_then(|path| Ok((quoted(&path), self.shared.files.list(&path)?)));
        match opened {
            Ok((text, entries)) => {
                let lines = Listing::new(entries, |name, entry| format!(" {}", list_line(name, entry)));
                self.control.reply_from(213, &text, lines)
            }
            Err(error) => self.refuse(verb, argument, &error),
        }
    }

    fn try_file_command(&mut self, verb: &str, argument: &str) -> io::Result<Reply> {
        let path = self.directory.resolve(argument)?;
        match verb {
            "PWD" | "XPWD" => Ok(Reply::new(257, format!("{} is the current directory.", quoted(&self.directory)))),
            "CDUP" | "XCUP" => self.change_directory(self.directory.parent()),
            "CWD" | "XCWD" => self.change_directory(path),
            "MKD" | "XMKD" => {
                self.shared.permit(Action::CreateDirectory, &path)?;
                self.shared.files.create_directory(&path)?;
                Ok(self.logged(verb, &path, Reply::new(257, format!("{} created.", quoted(&path)))))
            }
            "RMD" | "XRMD" => self.remove(verb, &path, true, "Directory removed."),
            "DELE" => self.remove(verb, &path, false, "File deleted."),
            "RNFR" => {
                self.shared.permit(Action::RenameFrom, &path)?;
                self.shared.files.entry(&path)?;
                self.rename_from = Some(path);
                Ok(Reply::new(350, "Ready for RNTO."))
            }
            "RNTO" => self.rename(verb, &path),
            _ => query(&self.shared.files, verb, &path),
        }
    }

    fn change_directory(&mut self, directory: VirtualPath) -> io::Result<Reply> {
        if !self.shared.files.is_directory(&directory)? {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        self.directory = directory;
        Ok(Reply::new(250, format!("{} is the current directory.", quoted(&self.directory))))
    }

    fn remove(&self, verb: &str, path: &VirtualPath, is_directory: bool, text: &str) -> io::Result<Reply> {
        self.shared.permit(Action::Remove, path)?;
        self.shared.remove(path, is_directory)?;
        Ok(self.logged(verb, path, Reply::new(250, text)))
    }

    fn rename(&mut self, verb: &str, path: &VirtualPath) -> io::Result<Reply> {
        let Some(from) = self.rename_from.take() else { return Ok(Reply::new(503, "RNFR required first.")) };
        self.shared.permit(Action::RenameTo, path)?;
        self.shared.rename(&from, path)?;
        self.shared.policy.on_upload();
        Ok(self.logged(verb, path, Reply::new(250, "Rename successful.")))
    }

    /// Logs a completed command, and returns its reply.
    fn logged(&self, verb: &str, path: &VirtualPath, reply: Reply) -> Reply {
        let (connection, peer, user) = self.log_fields();
        info!(connection, %peer, user, command = verb, path = path.sanitized(), "done");
        reply
    }
}

/// Replies to SIZE, MDTM, MLST (RFC 3659) and to STAT without an argument.
fn query(files: &VirtualFs, verb: &str, path: &VirtualPath) -> io::Result<Reply> {
    Ok(match verb {
        "SIZE" => match files.entry(path)? {
            Entry { kind: EntryKind::File, bytes, .. } => Reply::new(213, bytes.to_string()),
            _ => return Err(io::ErrorKind::IsADirectory.into()),
        },
        "MDTM" => Reply::new(213, format_time(files.entry(path)?.modified)),
        "MLST" => {
            let line = mlsx_facts(&path.to_string(), &files.entry(path)?);
            Reply { code: 250, text: "Facts:".into(), lines: Some(vec![line]) }
        }
        _ => Reply::new(211, format!("hestat {}", env!("CARGO_PKG_VERSION"))),
    })
}

/// Quotes a path for a reply (RFC 959, appendix II).
fn quoted(path: &VirtualPath) -> String {
    format!("\"{}\"", path.to_string().replace('"', "\"\""))
}
