//! Commands that need a data connection.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tracing::info;

use super::super::watch::PIECE;
use super::Action;
use super::disk::{Incoming, Piece};
use super::files::{facts, long};
use super::house::House;
use super::interrupt::Ongoing;
use super::links::Link;
use super::listing::Listing;
use super::names::Place;
use super::session::Session;
use super::wire::Wire;
use crate::foundation::file_space::FileSpace;

/// How long the disk may take to keep an upload.
pub(super) const TIME_FOR_THE_DISK: Duration = Duration::from_mins(10);

/// Stack of the thread that moves the bytes of a transfer.
const STACK: usize = 512 << 10;

/// What goes over a data connection.
enum Transfer {
    In(File),
    Out(Box<dyn Read + Send>),
}

/// What was transferred.
struct Transferred<'t> {
    verb: &'t str,
    place: &'t Place,
    offset: u64,
    moved: u64,
    begun: Instant,
    is_aborted: bool,
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
        let ongoing = Ongoing::new(verb, &place);
        let outcome = match self.connect(listener, &ongoing)? {
            Some(socket) => self.exchange(socket, transfer, offset, &place, &ongoing),
            None if ongoing.is_aborted() => Err(Broken::There(aborted())),
            None => return Ok(()),
        };
        self.link.watch.keep(1);
        let (moved, is_aborted) = (ongoing.moved(), ongoing.is_aborted());
        self.conclude(&Transferred { verb, place: &place, offset, moved, begun, is_aborted }, outcome)
    }

    /// Moves the bytes in a thread of its own, and listens to the client meanwhile.
    fn exchange(
        &mut self,
        socket: TcpStream,
        transfer: Transfer,
        offset: u64,
        place: &Place,
        ongoing: &Ongoing<'_>,
    ) -> Result<(), Broken> {
        let mover = Mover { house: self.house, link: Arc::clone(&self.link), private: self.private, place, ongoing };
        let (ended, end) = io::pipe().map_err(Broken::Here)?;
        thread::scope(|scope| {
            let work = move || {
                // Closed when all is done.
                let _end = end;
                mover.work(socket, transfer, offset)
            };
            let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).map_err(Broken::Here)?;
            self.listen_until(&ended, ongoing);
            thread.join().unwrap_or_else(|_| Err(Broken::Here(io::Error::other("the thread of a transfer is gone"))))
        })
    }

    /// Logs a transfer, and replies.
    fn conclude(&mut self, transferred: &Transferred<'_>, outcome: Result<(), Broken>) -> io::Result<()> {
        let (how, error) = match &outcome {
            Ok(()) => ("done", None),
            Err(Broken::Here(error)) => ("failed", Some(error)),
            Err(Broken::There(error)) => ("broken off", Some(error)),
        };
        let Transferred { verb, place, offset, moved, begun, is_aborted } = *transferred;
        let (connection, peer, user) = (self.link.number, self.link.peer, self.user.as_deref().unwrap_or_default());
        let (error, milliseconds) = (error.map(tracing::field::display), begun.elapsed().as_millis() as u64);
        let place = place.shown();
        info!(connection, %peer, user, command = verb, place, offset, bytes = moved, milliseconds, error, "{how}");
        match outcome {
            Ok(()) => self.control.reply(226, "All there."),
            Err(Broken::Here(error)) => self.refuse(&error),
            Err(Broken::There(_)) if self.link.watch.why().is_some() => {
                self.control.reply_without_waiting(426, "Transfer timed out or ended by the server.");
                Ok(())
            }
            Err(Broken::There(_)) if is_aborted => self.control.reply(426, "Connection closed; transfer aborted."),
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
        let source: Box<dyn Read + Send> = match verb {
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
}

/// Moves the bytes of one transfer.
struct Mover<'m> {
    house: &'m House,
    link: Arc<Link>,
    private: bool,
    place: &'m Place,
    ongoing: &'m Ongoing<'m>,
}

impl Mover<'_> {
    fn work(&self, socket: TcpStream, transfer: Transfer, offset: u64) -> Result<(), Broken> {
        let mut wire = Wire::data(socket, &self.link.watch);
        if self.private {
            wire.secure(&self.house.tls).map_err(Broken::There)?;
        }
        match transfer {
            Transfer::In(file) => self.receive(wire, file, offset),
            Transfer::Out(source) => self.send(wire, source),
        }
    }

    /// Takes in a file. However that ends, what the file takes then is counted.
    fn receive(&self, wire: Wire, file: File, offset: u64) -> Result<(), Broken> {
        let same = file.try_clone().map_err(Broken::Here)?;
        let length = same.metadata().map_err(Broken::Here)?.len();
        let mut space = FileSpace::of(self.house.tree.quota(), length);
        // Only now that there is something to take their place.
        space.truncate(&same, offset).map_err(Broken::Here)?;
        let outcome = self.receive_from(wire, file, offset, &mut space);
        space.settle(&same);
        outcome
    }

    fn receive_from(&self, mut wire: Wire, mut file: File, offset: u64, space: &mut FileSpace) -> Result<(), Broken> {
        file.seek(SeekFrom::Start(offset)).map_err(Broken::Here)?;
        let mut file = Incoming::new(file).map_err(Broken::Here)?;
        let mut piece = Piece::new();
        loop {
            let more = piece.fill(&mut wire);
            let count = piece.len();
            space.extend(count).map_err(Broken::Here)?;
            piece = file.write(piece).map_err(Broken::Here)?;
            self.ongoing.advance(count);
            space.store(file.newly_stored());
            // What came before it broke is kept.
            if !more.map_err(Broken::There)? {
                break;
            }
        }
        // Without TLS, a connection that was shut on this side ends like one that the client has ended.
        if self.ongoing.is_aborted() || self.link.watch.why().is_some() {
            return Err(Broken::There(aborted()));
        }
        // What is acknowledged is on disk. That may take long, and nobody may take over what only waits for the disk.
        self.link.watch.allow(TIME_FOR_THE_DISK);
        file.settle().map_err(Broken::Here)?;
        self.link.wrote();
        file.finish().map_err(Broken::Here)?;
        self.house.tree.sync_folder(self.place).map_err(Broken::Here)?;
        self.link.watch.allow(self.house.limits.transfer);
        self.house.arrived();
        // The peer has closed its side; how it takes our farewell changes nothing.
        drop(wire.finish());
        Ok(())
    }

    fn send(&self, mut wire: Wire, mut source: Box<dyn Read + Send>) -> Result<(), Broken> {
        let mut piece = vec![0; PIECE];
        loop {
            let count = source.read(&mut piece).map_err(Broken::Here)?;
            if count == 0 {
                return wire.finish().map_err(Broken::There);
            }
            wire.write_all(piece.get(..count).unwrap_or_default()).map_err(Broken::There)?;
            self.ongoing.advance(count as u64);
        }
    }
}

fn aborted() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "aborted")
}

/// An offset that a file of this length has.
fn within(offset: u64, length: u64) -> io::Result<u64> {
    let beyond = || io::Error::new(io::ErrorKind::InvalidInput, "the file is shorter than that");
    if offset > length { Err(beyond()) } else { Ok(offset) }
}

/// On which side a transfer broke.
pub(super) enum Broken {
    Here(io::Error),
    There(io::Error),
}
