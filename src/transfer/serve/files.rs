//! Commands about files and folders.

use std::io;

use chrono::DateTime;
use tracing::info;

use super::Action;
use super::data::TIME_FOR_THE_DISK;
use super::listing::Listing;
use super::names::Place;
use super::session::Session;
use super::tree::Tree;
use crate::foundation::root_dir::{Entry, Kind};
use crate::foundation::text::printable;

/// Characters of an argument in the log.
const LONGEST_LOGGED: usize = 300;

impl Session<'_> {
    pub(super) fn file_command(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        if verb == "STAT" && !argument.is_empty() {
            return self.list_in_reply(verb, argument);
        }
        self.link.watch.allow(TIME_FOR_THE_DISK);
        let outcome = self.try_file_command(verb, argument);
        // The disk may take its time, who reads the answer may not.
        self.link.watch.allow(self.house.limits.transfer);
        match outcome {
            Ok(Said { code, text, lines: None }) => self.control.reply(code, &text),
            Ok(Said { code, text, lines: Some(lines) }) => self.control.reply_lines(code, &text, &lines, "End"),
            Err(error) => self.turn_down(verb, argument, &error),
        }
    }

    /// The list of a folder as a reply, sent entry by entry.
    fn list_in_reply(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        let place = self.folder.resolve(argument);
        let opened = place.and_then(|place| Ok((quoted(&place), self.house.tree.list(&place)?)));
        match opened {
            Ok((text, entries)) => {
                let lines = Listing::new(entries, |name, entry| format!(" {}", long(name, entry)));
                self.control.reply_from(213, &text, lines)
            }
            Err(error) => self.turn_down(verb, argument, &error),
        }
    }

    /// Logs what was not permitted or could not be done, and replies; that something is not there, or is, is no news.
    pub(super) fn turn_down(&mut self, verb: &str, argument: &str, error: &io::Error) -> io::Result<()> {
        if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) {
            let (connection, peer, user) = (self.link.number, self.link.peer, self.user.as_deref().unwrap_or_default());
            let place: String = printable(argument).chars().take(LONGEST_LOGGED).collect();
            info!(connection, %peer, user, command = verb, place, %error, "refused");
        }
        self.refuse(error)
    }

    fn try_file_command(&mut self, verb: &str, argument: &str) -> io::Result<Said> {
        let place = self.folder.resolve(argument)?;
        match verb {
            "PWD" | "XPWD" => Ok(Said::new(257, quoted(&self.folder))),
            "CDUP" | "XCUP" => self.enter(self.folder.parent()),
            "CWD" | "XCWD" => self.enter(place),
            "MKD" | "XMKD" => {
                self.house.permit(Action::MakeFolder, &place)?;
                self.house.tree.make_folder(&place)?;
                Ok(self.done(verb, &place, Said::new(257, quoted(&place))))
            }
            "RMD" | "XRMD" | "DELE" => {
                self.house.permit(Action::Remove, &place)?;
                self.house.remove(&place, verb != "DELE")?;
                Ok(self.done(verb, &place, Said::new(250, "Removed.".into())))
            }
            "RNFR" => {
                self.house.permit(Action::Take, &place)?;
                self.house.tree.entry(&place)?;
                self.renamed = Some(place);
                Ok(Said::new(350, "To what?".into()))
            }
            "RNTO" => self.rename(verb, &place),
            _ => tell(&self.house.tree, verb, &place),
        }
    }

    fn enter(&mut self, folder: Place) -> io::Result<Said> {
        if !self.house.tree.is_folder(&folder)? {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        self.folder = folder;
        Ok(Said::new(250, quoted(&self.folder)))
    }

    fn rename(&mut self, verb: &str, place: &Place) -> io::Result<Said> {
        let Some(from) = self.renamed.take() else { return Ok(Said::new(503, "Say RNFR first.".into())) };
        self.house.permit(Action::Name, place)?;
        self.house.rename(&from, place)?;
        self.house.arrived();
        Ok(self.done(verb, place, Said::new(250, "Renamed.".into())))
    }

    /// What is said of something that was done, which goes into the log.
    fn done(&self, verb: &str, place: &Place, said: Said) -> Said {
        let (connection, peer, user) = (self.link.number, self.link.peer, self.user.as_deref().unwrap_or_default());
        info!(connection, %peer, user, command = verb, place = place.shown(), "done");
        said
    }
}

/// What a file or folder is like.
fn tell(tree: &Tree, verb: &str, place: &Place) -> io::Result<Said> {
    Ok(match verb {
        "SIZE" => match tree.entry(place)? {
            Entry { kind: Kind::File, bytes, .. } => Said::new(213, bytes.to_string()),
            _ => return Err(io::ErrorKind::IsADirectory.into()),
        },
        "MDTM" => Said::new(213, time(tree.entry(place)?.modified)),
        "MLST" => {
            let line = facts(&place.to_string(), &tree.entry(place)?);
            Said { code: 250, text: "Facts:".into(), lines: Some(vec![line]) }
        }
        // STAT without an argument.
        _ => Said::new(211, format!("hestat {}", env!("CARGO_PKG_VERSION"))),
    })
}

/// What is replied.
struct Said {
    code: u16,
    text: String,
    lines: Option<Vec<String>>,
}

impl Said {
    fn new(code: u16, text: String) -> Self {
        Self { code, text, lines: None }
    }
}

/// A path in a reply (RFC 959, appendix II).
fn quoted(place: &Place) -> String {
    format!("\"{}\"", place.to_string().replace('"', "\"\""))
}

/// Time in the form of RFC 3659, section 2.3.
fn time(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().format("%Y%m%d%H%M%S").to_string()
}

/// A line of MLSD and MLST (RFC 3659, section 7.2).
pub(super) fn facts(name: &str, entry: &Entry) -> String {
    let kind = if entry.kind == Kind::Directory { "dir" } else { "file" };
    format!("type={kind};size={};modify={}; {name}", entry.bytes, time(entry.modified))
}

/// A line of LIST, as `ls -l` writes it and as clients read it.
pub(super) fn long(name: &str, entry: &Entry) -> String {
    let kind = if entry.kind == Kind::Directory { "drwxr-xr-x" } else { "-rw-r--r--" };
    let when = DateTime::from_timestamp(entry.modified, 0).unwrap_or_default();
    format!("{kind} 1 hestat hestat {:>13} {} {name}", entry.bytes, when.format("%b %e  %Y"))
}
