//! Commands that need a data connection.

use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::thread;
use std::time::{Duration, Instant};

use tracing::info;

use super::super::watch::PIECE;
use super::Action;
use super::disk::{Incoming, MOST_UNWRITTEN, Piece};
use super::files::{facts, long};
use super::names::Place;
use super::session::Session;
use super::wire::Wire;

/// How long a connection that was ended may take to let go of its file.
const TIME_TO_GIVE_WAY: Duration = Duration::from_secs(2);

/// How long the disk may take to keep an upload.
const TIME_FOR_THE_DISK: Duration = Duration::from_mins(10);

/// What goes over a data connection.
enum Transfer {
    In(std::fs::File),
    Out(Box<dyn Read>),
}

/// What was transferred.
struct Transferred<'t> {
    verb: &'t str,
    place: &'t Place,
    offset: u64,
    moved: u64,
    begun: Instant,
}

impl Session<'_> {
    pub(super) fn data_command(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        if !self.private && !self.house.plain && verb != "REST" {
            return self.control.reply(521, "No data in plain: say PROT P first.");
        }
        match verb {
            "PASV" | "EPSV" => self.listen(verb, argument),
            "REST" => match argument.parse() {
                Ok(offset) => {
                    self.offset = offset;
                    self.control.reply(350, "From there.")
                }
                Err(_) => self.control.reply(501, "That is no number of bytes."),
            },
            _ => self.transfer(verb, argument),
        }
    }

    fn transfer(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        // For the next transfer only, whatever becomes of it.
        let offset = std::mem::take(&mut self.offset);
        let Some(listener) = self.link.take_port() else {
            return self.control.reply(425, "Say EPSV or PASV first.");
        };
        let begun = Instant::now();
        let (place, transfer) = match self.prepare(verb, argument, offset) {
            Ok(prepared) => prepared,
            Err(error) => return self.refuse(&error),
        };
        let Some(wire) = self.connect(&listener)? else { return Ok(()) };
        drop(listener);
        let mut moved = 0;
        let outcome = wire.and_then(|wire| match transfer {
            Transfer::In(file) => self.receive(wire, file, &place, &mut moved),
            Transfer::Out(source) => send(wire, source, &mut moved),
        });
        self.link.watch.keep(1);
        self.link.writes(None);
        self.conclude(&Transferred { verb, place: &place, offset, moved, begun }, outcome)
    }

    /// Logs a transfer, and replies.
    fn conclude(&mut self, transferred: &Transferred<'_>, outcome: Result<(), Broken>) -> io::Result<()> {
        let (how, error) = match &outcome {
            Ok(()) => ("done", None),
            Err(Broken::Here(error)) => ("failed", Some(error)),
            Err(Broken::There(error)) => ("broken off", Some(error)),
        };
        let Transferred { verb, place, offset, moved, begun } = *transferred;
        let (connection, peer, user) = (self.link.number, self.link.peer, self.user.as_deref().unwrap_or_default());
        let (error, milliseconds) = (error.map(tracing::field::display), begun.elapsed().as_millis() as u64);
        let place = place.shown();
        info!(connection, %peer, user, command = verb, place, offset, bytes = moved, milliseconds, error, "{how}");
        match outcome {
            Ok(()) => self.control.reply(226, "All there."),
            Err(Broken::Here(error)) => self.refuse(&error),
            Err(Broken::There(_)) => self.control.reply(426, "The data connection broke off."),
        }
    }

    fn prepare(&self, verb: &str, argument: &str, offset: u64) -> io::Result<(Place, Transfer)> {
        let tree = &self.house.tree;
        // Clients send options of ls along.
        let named = if matches!(verb, "LIST" | "NLST") && argument.starts_with('-') {
            argument.split_once(' ').map_or("", |(_, name)| name)
        } else {
            argument
        };
        let place = self.folder.resolve(named)?;
        let lines = |line: fn((String, super::tree::Entry)) -> String| {
            tree.list(&place).map(|list| list.into_iter().map(|item| line(item) + "\r\n").collect::<String>())
        };
        let source: Box<dyn Read> = match verb {
            "STOR" | "APPE" => {
                self.house.permit(Action::Write, &place)?;
                let offset = if verb == "APPE" { tree.entry(&place).map_or(0, |entry| entry.bytes) } else { offset };
                let file = self.take(&place, offset)?;
                return Ok((place, Transfer::In(file)));
            }
            "RETR" => {
                let mut file = tree.read(&place)?;
                file.seek(SeekFrom::Start(offset))?;
                Box::new(file)
            }
            "NLST" => Box::new(io::Cursor::new(lines(|(name, _)| name)?)),
            "MLSD" => Box::new(io::Cursor::new(lines(|(name, entry)| facts(&name, &entry))?)),
            _ => Box::new(io::Cursor::new(lines(|(name, entry)| long(&name, &entry))?)),
        };
        Ok((place, Transfer::Out(source)))
    }

    /// Opens a file to write it; from a connection that is stuck it is taken.
    fn take(&self, place: &Place, offset: u64) -> io::Result<std::fs::File> {
        let deadline = Instant::now() + TIME_TO_GIVE_WAY;
        loop {
            match self.house.tree.write(place, offset) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < deadline => {
                    if !self.house.links.relieve(place) {
                        return Err(error);
                    }
                    thread::sleep(Duration::from_millis(5));
                }
                outcome => return outcome,
            }
        }
    }

    fn receive(&self, mut wire: Wire, file: std::fs::File, place: &Place, moved: &mut u64) -> Result<(), Broken> {
        self.link.writes(Some(place));
        // Given back when the file is closed, and all that it took can be measured.
        let mut share = self.house.uploads.share();
        let mut file = Incoming::new(file).map_err(Broken::Here)?;
        let mut piece = Piece::new();
        let mut unwritten = VecDeque::new();
        loop {
            let more = piece.fill(&mut wire);
            let count = piece.len();
            self.house.give(&mut share, count).map_err(Broken::Here)?;
            piece = file.write(piece).map_err(Broken::Here)?;
            *moved += count;
            unwritten.push_back(count);
            if unwritten.len() > MOST_UNWRITTEN {
                share.stored(unwritten.pop_front().unwrap_or_default());
            }
            // What came before it broke is kept.
            if !more.map_err(Broken::There)? {
                break;
            }
        }
        // What is acknowledged is on disk. That may take long, and nobody may take over what only waits for the disk.
        self.link.writes(None);
        self.link.watch.allow(TIME_FOR_THE_DISK);
        file.finish().map_err(Broken::Here)?;
        self.house.tree.sync_folder(place).map_err(Broken::Here)?;
        self.link.watch.allow(self.house.limits.transfer);
        self.house.arrived();
        // The peer has closed its side; how it takes our farewell changes nothing.
        drop(wire.finish());
        Ok(())
    }
}

fn send(mut wire: Wire, mut source: Box<dyn Read>, moved: &mut u64) -> Result<(), Broken> {
    let mut piece = vec![0; PIECE];
    loop {
        let count = source.read(&mut piece).map_err(Broken::Here)?;
        if count == 0 {
            return wire.finish().map_err(Broken::There);
        }
        wire.write_all(piece.get(..count).unwrap_or_default()).map_err(Broken::There)?;
        *moved += count as u64;
    }
}

/// On which side a transfer broke.
pub(super) enum Broken {
    Here(io::Error),
    There(io::Error),
}
