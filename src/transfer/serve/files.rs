//! Commands about files and folders.

use std::io;

use chrono::DateTime;
use tracing::info;

use super::Action;
use super::data::DISK_TIMEOUT;
use super::listing::Listing;
use super::session::Session;
use super::virtual_fs::VirtualFs;
use super::virtual_path::VirtualPath;
use crate::foundation::root_dir::{Entry, EntryKind};
use crate::foundation::text::sanitize;

/// Characters of an argument in the log.
const LONGEST_LOGGED: usize = 300;

impl Session<'_> {
    pub(super) fn file_command(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        if verb == "STAT" && !argument.is_empty() {
            return self.list_in_reply(verb, argument);
        }
        self.connection.deadline.set_timeout(DISK_TIMEOUT);
        let outcome = self.try_file_command(verb, argument);
        // The disk may take its time, who reads the answer may not.
        self.connection.deadline.set_timeout(self.shared.limits.transfer);
        match outcome {
            Ok(Reply { code, text, lines: None }) => self.control.reply(code, &text),
            Ok(Reply { code, text, lines: Some(lines) }) => self.control.reply_lines(code, &text, &lines, "End"),
            Err(error) => self.reply_error_for(verb, argument, &error),
        }
    }

    /// The list of a folder as a reply, sent entry by entry.
    fn list_in_reply(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        let place = self.folder.resolve(argument);
        let opened = place.and_then(|place| Ok((quoted(&place), self.shared.files.list(&place)?)));
        match opened {
            Ok((text, entries)) => {
                let lines = Listing::new(entries, |name, entry| format!(" {}", list_line(name, entry)));
                self.control.reply_from(213, &text, lines)
            }
            Err(error) => self.reply_error_for(verb, argument, &error),
        }
    }

    /// Logs what was not permitted or could not be done, and replies; that something is not there, or is, is no news.
    pub(super) fn reply_error_for(&mut self, verb: &str, argument: &str, error: &io::Error) -> io::Result<()> {
        if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) {
            let (connection, peer, user) =
                (self.connection.number, self.connection.peer, self.user.as_deref().unwrap_or_default());
            let place: String = sanitize(argument).chars().take(LONGEST_LOGGED).collect();
            info!(connection, %peer, user, command = verb, place, %error, "refused");
        }
        self.reply_error(error)
    }

    fn try_file_command(&mut self, verb: &str, argument: &str) -> io::Result<Reply> {
        let place = self.folder.resolve(argument)?;
        match verb {
            "PWD" | "XPWD" => Ok(Reply::new(257, quoted(&self.folder))),
            "CDUP" | "XCUP" => self.enter(self.folder.parent()),
            "CWD" | "XCWD" => self.enter(place),
            "MKD" | "XMKD" => {
                self.shared.permit(Action::MakeFolder, &place)?;
                self.shared.files.make_folder(&place)?;
                Ok(self.done(verb, &place, Reply::new(257, quoted(&place))))
            }
            "RMD" | "XRMD" | "DELE" => {
                self.shared.permit(Action::Remove, &place)?;
                self.shared.remove(&place, verb != "DELE")?;
                Ok(self.done(verb, &place, Reply::new(250, "Removed.".into())))
            }
            "RNFR" => {
                self.shared.permit(Action::RenameFrom, &place)?;
                self.shared.files.entry(&place)?;
                self.rename_from = Some(place);
                Ok(Reply::new(350, "To what?".into()))
            }
            "RNTO" => self.rename(verb, &place),
            _ => query(&self.shared.files, verb, &place),
        }
    }

    fn enter(&mut self, folder: VirtualPath) -> io::Result<Reply> {
        if !self.shared.files.is_folder(&folder)? {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        self.folder = folder;
        Ok(Reply::new(250, quoted(&self.folder)))
    }

    fn rename(&mut self, verb: &str, place: &VirtualPath) -> io::Result<Reply> {
        let Some(from) = self.rename_from.take() else { return Ok(Reply::new(503, "Say RNFR first.".into())) };
        self.shared.permit(Action::RenameTo, place)?;
        self.shared.rename(&from, place)?;
        self.shared.on_upload();
        Ok(self.done(verb, place, Reply::new(250, "Renamed.".into())))
    }

    /// What is said of something that was done, which goes into the log.
    fn done(&self, verb: &str, place: &VirtualPath, said: Reply) -> Reply {
        let (connection, peer, user) =
            (self.connection.number, self.connection.peer, self.user.as_deref().unwrap_or_default());
        info!(connection, %peer, user, command = verb, place = place.shown(), "done");
        said
    }
}

/// What a file or folder is like.
fn query(tree: &VirtualFs, verb: &str, place: &VirtualPath) -> io::Result<Reply> {
    Ok(match verb {
        "SIZE" => match tree.entry(place)? {
            Entry { kind: EntryKind::File, bytes, .. } => Reply::new(213, bytes.to_string()),
            _ => return Err(io::ErrorKind::IsADirectory.into()),
        },
        "MDTM" => Reply::new(213, time(tree.entry(place)?.modified)),
        "MLST" => {
            let line = mlsx_facts(&place.to_string(), &tree.entry(place)?);
            Reply { code: 250, text: "Facts:".into(), lines: Some(vec![line]) }
        }
        // STAT without an argument.
        _ => Reply::new(211, format!("hestat {}", env!("CARGO_PKG_VERSION"))),
    })
}

/// What is replied.
struct Reply {
    code: u16,
    text: String,
    lines: Option<Vec<String>>,
}

impl Reply {
    fn new(code: u16, text: String) -> Self {
        Self { code, text, lines: None }
    }
}

/// A path in a reply (RFC 959, appendix II).
fn quoted(place: &VirtualPath) -> String {
    format!("\"{}\"", place.to_string().replace('"', "\"\""))
}

/// Time in the form of RFC 3659, section 2.3.
fn time(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().format("%Y%m%d%H%M%S").to_string()
}

/// A line of MLSD and MLST (RFC 3659, section 7.2).
pub(super) fn mlsx_facts(name: &str, entry: &Entry) -> String {
    let kind = if entry.kind == EntryKind::Directory { "dir" } else { "file" };
    format!("type={kind};size={};modify={}; {name}", entry.bytes, time(entry.modified))
}

/// A line of LIST, as `ls -l` writes it and as clients read it.
pub(super) fn list_line(name: &str, entry: &Entry) -> String {
    let kind = if entry.kind == EntryKind::Directory { "drwxr-xr-x" } else { "-rw-r--r--" };
    let when = DateTime::from_timestamp(entry.modified, 0).unwrap_or_default();
    format!("{kind} 1 hestat hestat {:>13} {} {name}", entry.bytes, when.format("%b %e  %Y"))
}
