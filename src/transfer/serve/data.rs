//! Commands that need a data connection.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use tracing::info;

use super::super::watch::PIECE;
use super::Action;
use super::disk::{Incoming, Piece};
use super::files::{facts, long};
use super::listing::Listing;
use super::names::Place;
use super::session::Session;
use super::wire::Wire;
use crate::foundation::file_space::FileSpace;

/// How long the disk may take to keep an upload.
pub(super) const TIME_FOR_THE_DISK: Duration = Duration::from_mins(10);

/// What goes over a data connection.
enum Transfer {
    In(File),
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
            _ => {
                let outcome = self.transfer(verb, argument);
                self.link.writes(None);
                outcome
            }
        }
    }

    fn transfer(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        // For the next transfer only, whatever becomes of it.
        let offset = std::mem::take(&mut self.offset);
        let Some(listener) = self.link.take_port() else {
            return self.control.reply(425, "Say EPSV or PASV first; a port is held for 15 seconds.");
        };
        let begun = Instant::now();
        let (place, offset, transfer) = match self.prepare(verb, argument, offset) {
            Ok(prepared) => prepared,
            Err(error) => return self.turn_down(verb, argument, &error),
        };
        let Some(wire) = self.connect(listener)? else { return Ok(()) };
        let mut moved = 0;
        let outcome = wire.and_then(|wire| match transfer {
            Transfer::In(file) => self.receive(wire, file, offset, &place, &mut moved),
            Transfer::Out(source) => send(wire, source, &mut moved),
        });
        self.link.watch.keep(1);
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

    /// What is transferred, from which byte of it.
    fn prepare(&self, verb: &str, argument: &str, offset: u64) -> io::Result<(Place, u64, Transfer)> {
        let tree = &self.house.tree;
        // Clients send options of ls along.
        let named = if matches!(verb, "LIST" | "NLST") && argument.starts_with('-') {
            argument.split_once(' ').map_or("", |(_, name)| name)
        } else {
            argument
        };
        let place = self.folder.resolve(named)?;
        let source: Box<dyn Read> = match verb {
            "STOR" | "APPE" => {
                let file = self.open_to_write(&place)?;
                let length = file.metadata()?.len();
                let offset = if verb == "APPE" { length } else { within(offset, length)? };
                return Ok((place, offset, Transfer::In(file)));
            }
            "RETR" => {
                let mut file = tree.read(&place)?;
                file.seek(SeekFrom::Start(within(offset, file.metadata()?.len())?))?;
                Box::new(file)
            }
            "NLST" => Box::new(Listing::new(tree.list(&place)?, |name, _| name.to_owned())),
            "MLSD" => Box::new(Listing::new(tree.list(&place)?, facts)),
            _ => Box::new(Listing::new(tree.list(&place)?, long)),
        };
        Ok((place, offset, Transfer::Out(source)))
    }

    /// From now on nobody else can write there or take the name away.
    fn open_to_write(&self, place: &Place) -> io::Result<File> {
        self.house.permit(Action::Write, place)?;
        self.house.when_free(place, || {
            let file = self.house.tree.write(place)?;
            self.link.writes(Some(place));
            Ok(file)
        })
    }

    /// Takes in a file. However that ends, what the file takes then is counted.
    fn receive(&self, wire: Wire, file: File, offset: u64, place: &Place, moved: &mut u64) -> Result<(), Broken> {
        let same = file.try_clone().map_err(Broken::Here)?;
        let length = same.metadata().map_err(Broken::Here)?.len();
        let mut space = FileSpace::of(self.house.tree.quota(), length);
        // Only now that there is something to take their place.
        space.truncate(&same, offset).map_err(Broken::Here)?;
        let outcome = self.receive_from(wire, file, offset, &mut space, place, moved);
        space.settle(&same);
        outcome
    }

    fn receive_from(
        &self,
        mut wire: Wire,
        mut file: File,
        offset: u64,
        space: &mut FileSpace,
        place: &Place,
        moved: &mut u64,
    ) -> Result<(), Broken> {
        file.seek(SeekFrom::Start(offset)).map_err(Broken::Here)?;
        let mut file = Incoming::new(file).map_err(Broken::Here)?;
        let mut piece = Piece::new();
        loop {
            let more = piece.fill(&mut wire);
            let count = piece.len();
            space.extend(count).map_err(Broken::Here)?;
            piece = file.write(piece).map_err(Broken::Here)?;
            *moved += count;
            space.store(file.newly_stored());
            // What came before it broke is kept.
            if !more.map_err(Broken::There)? {
                break;
            }
        }
        // What is acknowledged is on disk. That may take long, and nobody may take over what only waits for the disk.
        self.link.watch.allow(TIME_FOR_THE_DISK);
        file.settle().map_err(Broken::Here)?;
        self.link.wrote();
        file.finish().map_err(Broken::Here)?;
        self.house.tree.sync_folder(place).map_err(Broken::Here)?;
        self.link.watch.allow(self.house.limits.transfer);
        self.house.arrived();
        // The peer has closed its side; how it takes our farewell changes nothing.
        drop(wire.finish());
        Ok(())
    }
}

/// An offset that a file of this length has.
fn within(offset: u64, length: u64) -> io::Result<u64> {
    let beyond = || io::Error::new(io::ErrorKind::InvalidInput, "the file is shorter than that");
    if offset > length { Err(beyond()) } else { Ok(offset) }
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
