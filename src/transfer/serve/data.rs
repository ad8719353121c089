//! Commands that need a data connection.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tracing::info;

use super::super::deadline::TRANSFER_BUFFER_BYTES;
use super::Action;
use super::active_transfer::ActiveTransfer;
use super::background_writer::{BackgroundWriter, Buffer};
use super::connections::Connection;
use super::files::{list_line, mlsx_facts};
use super::listing::Listing;
use super::session::Session;
use super::shared::Shared;
use super::stream::MaybeTlsStream;
use super::virtual_path::VirtualPath;
use crate::foundation::file_space::FileSpace;

/// How long the disk may take to keep an upload.
pub(super) const DISK_TIMEOUT: Duration = Duration::from_mins(10);

/// Stack of the thread that moves the bytes of a transfer.
const STACK: usize = 512 << 10;

/// What goes over a data connection.
enum Transfer {
    Upload(File),
    Download(Box<dyn Read + Send>),
}

/// What was transferred.
struct TransferRecord<'t> {
    verb: &'t str,
    place: &'t VirtualPath,
    offset: u64,
    moved: u64,
    begun: Instant,
    is_aborted: bool,
}

impl Session<'_> {
    pub(super) fn data_command(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        if !self.protect_data && !self.shared.plain && verb != "REST" {
            return self.control.reply(521, "No data in plain: say PROT P first.");
        }
        match verb {
            "PASV" | "EPSV" => self.enter_passive_mode(verb, argument),
            "REST" => match argument.parse() {
                Ok(offset) => {
                    self.offset = offset;
                    self.control.reply(350, "From there.")
                }
                Err(_) => self.control.reply(501, "That is no number of bytes."),
            },
            _ => {
                let outcome = self.transfer(verb, argument);
                self.connection.set_writing(None);
                outcome
            }
        }
    }

    fn transfer(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        // For the next transfer only, whatever becomes of it.
        let offset = std::mem::take(&mut self.offset);
        let Some(listener) = self.connection.take_port() else {
            return self.control.reply(425, "Say EPSV or PASV first; a port is held for 15 seconds.");
        };
        let begun = Instant::now();
        let (place, offset, transfer) = match self.prepare(verb, argument, offset) {
            Ok(prepared) => prepared,
            Err(error) => return self.reply_error_for(verb, argument, &error),
        };
        let ongoing = ActiveTransfer::new(verb, &place);
        let outcome = match self.accept_data_connection(listener, &ongoing)? {
            Some(socket) => self.exchange(socket, transfer, offset, &place, &ongoing),
            None if ongoing.is_aborted() => Err(TransferFailure::Peer(aborted())),
            None => return Ok(()),
        };
        self.connection.deadline.keep_first(1);
        let (moved, is_aborted) = (ongoing.moved(), ongoing.is_aborted());
        self.conclude(&TransferRecord { verb, place: &place, offset, moved, begun, is_aborted }, outcome)
    }

    /// Moves the bytes in a thread of its own, and listens to the client meanwhile.
    fn exchange(
        &mut self,
        socket: TcpStream,
        transfer: Transfer,
        offset: u64,
        place: &VirtualPath,
        ongoing: &ActiveTransfer<'_>,
    ) -> Result<(), TransferFailure> {
        let mover = DataTransfer {
            house: self.shared,
            link: Arc::clone(&self.connection),
            private: self.protect_data,
            place,
            ongoing,
        };
        let (ended, end) = io::pipe().map_err(TransferFailure::Local)?;
        thread::scope(|scope| {
            let work = move || {
                // Closed when all is done.
                let _end = end;
                mover.work(socket, transfer, offset)
            };
            let thread =
                thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).map_err(TransferFailure::Local)?;
            self.handle_input_until(&ended, ongoing);
            thread
                .join()
                .unwrap_or_else(|_| Err(TransferFailure::Local(io::Error::other("the thread of a transfer is gone"))))
        })
    }

    /// Logs a transfer, and replies.
    fn conclude(&mut self, transferred: &TransferRecord<'_>, outcome: Result<(), TransferFailure>) -> io::Result<()> {
        let (how, error) = match &outcome {
            Ok(()) => ("done", None),
            Err(TransferFailure::Local(error)) => ("failed", Some(error)),
            Err(TransferFailure::Peer(error)) => ("broken off", Some(error)),
        };
        let TransferRecord { verb, place, offset, moved, begun, is_aborted } = *transferred;
        let (connection, peer, user) =
            (self.connection.number, self.connection.peer, self.user.as_deref().unwrap_or_default());
        let (error, milliseconds) = (error.map(tracing::field::display), begun.elapsed().as_millis() as u64);
        let place = place.shown();
        info!(connection, %peer, user, command = verb, place, offset, bytes = moved, milliseconds, error, "{how}");
        match outcome {
            Ok(()) => self.control.reply(226, "All there."),
            Err(TransferFailure::Local(error)) => self.reply_error(&error),
            Err(TransferFailure::Peer(_)) if self.connection.deadline.close_reason().is_some() => {
                self.control.reply_without_waiting(426, "Transfer timed out or ended by the server.");
                Ok(())
            }
            Err(TransferFailure::Peer(_)) if is_aborted => {
                self.control.reply(426, "Connection closed; transfer aborted.")
            }
            Err(TransferFailure::Peer(_)) => self.control.reply(426, "The data connection broke off."),
        }
    }

    /// What is transferred, from which byte of it.
    fn prepare(&self, verb: &str, argument: &str, offset: u64) -> io::Result<(VirtualPath, u64, Transfer)> {
        let tree = &self.shared.files;
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
                return Ok((place, offset, Transfer::Upload(file)));
            }
            "RETR" => {
                let mut file = tree.read(&place)?;
                file.seek(SeekFrom::Start(within(offset, file.metadata()?.len())?))?;
                Box::new(file)
            }
            "NLST" => Box::new(Listing::new(tree.list(&place)?, |name, _| name.to_owned())),
            "MLSD" => Box::new(Listing::new(tree.list(&place)?, mlsx_facts)),
            _ => Box::new(Listing::new(tree.list(&place)?, list_line)),
        };
        Ok((place, offset, Transfer::Download(source)))
    }

    /// From now on nobody else can write there or take the name away.
    fn open_to_write(&self, place: &VirtualPath) -> io::Result<File> {
        self.shared.permit(Action::Write, place)?;
        self.shared.retry_while_locked(place, || {
            let file = self.shared.files.write(place)?;
            self.connection.set_writing(Some(place));
            Ok(file)
        })
    }
}

/// Moves the bytes of one transfer.
struct DataTransfer<'m> {
    house: &'m Shared,
    link: Arc<Connection>,
    private: bool,
    place: &'m VirtualPath,
    ongoing: &'m ActiveTransfer<'m>,
}

impl DataTransfer<'_> {
    fn work(&self, socket: TcpStream, transfer: Transfer, offset: u64) -> Result<(), TransferFailure> {
        let mut wire = MaybeTlsStream::data(socket, &self.link.deadline);
        if self.private {
            wire.secure(&self.house.tls).map_err(TransferFailure::Peer)?;
        }
        match transfer {
            Transfer::Upload(file) => self.receive(wire, file, offset),
            Transfer::Download(source) => self.send(wire, source),
        }
    }

    /// Takes in a file. However that ends, what the file takes then is counted.
    fn receive(&self, wire: MaybeTlsStream, file: File, offset: u64) -> Result<(), TransferFailure> {
        let same = file.try_clone().map_err(TransferFailure::Local)?;
        let length = same.metadata().map_err(TransferFailure::Local)?.len();
        let mut space = FileSpace::of(self.house.files.quota(), length);
        // Only now that there is something to take their place.
        space.truncate(&same, offset).map_err(TransferFailure::Local)?;
        let outcome = self.receive_from(wire, file, offset, &mut space);
        space.settle(&same);
        outcome
    }

    fn receive_from(
        &self,
        mut wire: MaybeTlsStream,
        mut file: File,
        offset: u64,
        space: &mut FileSpace,
    ) -> Result<(), TransferFailure> {
        file.seek(SeekFrom::Start(offset)).map_err(TransferFailure::Local)?;
        let mut file = BackgroundWriter::new(file).map_err(TransferFailure::Local)?;
        let mut piece = Buffer::new();
        loop {
            let more = piece.fill(&mut wire);
            let count = piece.len();
            space.extend(count).map_err(TransferFailure::Local)?;
            piece = file.write(piece).map_err(TransferFailure::Local)?;
            self.ongoing.advance(count);
            space.store(file.newly_stored());
            // What came before it broke is kept.
            if !more.map_err(TransferFailure::Peer)? {
                break;
            }
        }
        // Without TLS, a connection that was shut on this side ends like one that the client has ended.
        if self.ongoing.is_aborted() || self.link.deadline.close_reason().is_some() {
            return Err(TransferFailure::Peer(aborted()));
        }
        // What is acknowledged is on disk. That may take long, and nobody may take over what only waits for the disk.
        self.link.deadline.set_timeout(DISK_TIMEOUT);
        file.flush().map_err(TransferFailure::Local)?;
        self.link.mark_complete();
        file.finish().map_err(TransferFailure::Local)?;
        self.house.files.sync_folder(self.place).map_err(TransferFailure::Local)?;
        self.link.deadline.set_timeout(self.house.limits.transfer);
        self.house.on_upload();
        // The peer has closed its side; how it takes our farewell changes nothing.
        drop(wire.finish());
        Ok(())
    }

    fn send(&self, mut wire: MaybeTlsStream, mut source: Box<dyn Read + Send>) -> Result<(), TransferFailure> {
        let mut piece = vec![0; TRANSFER_BUFFER_BYTES];
        loop {
            let count = source.read(&mut piece).map_err(TransferFailure::Local)?;
            if count == 0 {
                return wire.finish().map_err(TransferFailure::Peer);
            }
            wire.write_all(piece.get(..count).unwrap_or_default()).map_err(TransferFailure::Peer)?;
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
pub(super) enum TransferFailure {
    Local(io::Error),
    Peer(io::Error),
}
