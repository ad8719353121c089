//! A file on its way to the disk while more of it comes in.

use std::fs::File;
use std::io::{self, Read, Write};
use std::num::NonZeroU64;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

use rustix::fs::{Advice, fadvise};

use super::super::watch::PIECE;

/// Pieces that may wait to be written.
const WAITING: usize = 4;

/// Pieces that may have been taken without being in the file yet: those that wait, and the one that is being written.
pub(super) const MOST_UNWRITTEN: usize = WAITING + 1;

/// Bytes after which what was written is sent on its way to the disk.
const STEP: u64 = 4 << 20;

/// The most bytes of a TLS record (RFC 5246, section 6.2.1); one that is shorter is followed by a pause more often than not.
const RECORD: usize = 16 << 10;

/// Bytes of one write. More at once took longer.
const CHUNK: usize = 16 << 10;

/// Stack of the thread that does it.
const STACK: usize = 64 << 10;

/// Bytes from a client.
#[derive(Debug)]
pub(super) struct Piece {
    bytes: Vec<u8>,
    filled: usize,
}

impl Piece {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; PIECE], filled: 0 }
    }

    pub(super) fn len(&self) -> u64 {
        self.filled as u64
    }

    /// Takes what is there, up to a whole piece; whether more may come.
    pub(super) fn fill(&mut self, source: &mut impl Read) -> io::Result<bool> {
        while let Some(room) = self.bytes.get_mut(self.filled..).filter(|room| !room.is_empty()) {
            let asked = room.len().min(RECORD);
            let count = source.read(room.get_mut(..asked).unwrap_or_default())?;
            self.filled += count;
            if count < asked {
                return Ok(count > 0);
            }
        }
        Ok(true)
    }
}

/// A file that is written from its first byte to its last by a thread of its own, so that taking bytes out of TLS does not
/// wait for the kernel, and the kernel not for the disk: what is left to wait for at the end is little.
#[derive(Debug)]
pub(super) struct Incoming {
    pieces: Option<SyncSender<Piece>>,
    spare: Receiver<Piece>,
    writer: Option<JoinHandle<io::Result<()>>>,
}

impl Incoming {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let (pieces, waiting) = sync_channel(WAITING);
        let (written, spare) = channel();
        let write = move || write_all(&file, &waiting, &written);
        let writer = Builder::new().stack_size(STACK).spawn(write)?;
        Ok(Self { pieces: Some(pieces), spare, writer: Some(writer) })
    }

    /// Takes a piece; gives one to be filled next.
    pub(super) fn write(&mut self, piece: Piece) -> io::Result<Piece> {
        let taken = self.pieces.as_ref().is_some_and(|pieces| pieces.send(piece).is_ok());
        if !taken {
            // The writer is gone, and knows why.
            self.join()?;
        }
        Ok(self.spare.try_recv().unwrap_or_else(|_| Piece::new()))
    }

    /// Returns when all is on the disk.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.join()
    }

    fn join(&mut self) -> io::Result<()> {
        self.pieces = None;
        join(self.writer.take())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // With the file goes the lock on it. What an unfinished file lacks, its length tells.
        drop(self.join());
    }
}

/// Writes what comes, and returns when all of it is on the disk.
fn write_all(file: &File, waiting: &Receiver<Piece>, written: &Sender<Piece>) -> io::Result<()> {
    let start = file.metadata()?.len();
    let (mut begun, mut end) = (start, start);
    for mut piece in waiting {
        for part in piece.bytes.get(..piece.filled).unwrap_or_default().chunks(CHUNK) {
            (&*file).write_all(part)?;
        }
        end += piece.len();
        piece.filled = 0;
        // Nobody takes it back who has all that he needs.
        drop(written.send(piece));
        if end - begun >= STEP {
            // Of pages that are not on the disk, this advice begins to write them, without waiting.
            let _advice = fadvise(file, begun, NonZeroU64::new(end - begun), Advice::DontNeed);
            begun = end;
        }
    }
    file.sync_all()
}

/// An error is told to the first who asks for it, and to nobody after that.
fn join(thread: Option<JoinHandle<io::Result<()>>>) -> io::Result<()> {
    let lost = |_| Err(io::Error::other("a thread that writes to the disk is gone"));
    thread.map_or(Ok(()), |thread| thread.join().unwrap_or_else(lost))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_there_in_its_order_and_the_lock_goes_with_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let open = || File::options().write(true).create(true).truncate(false).open(&path).unwrap();
        let file = open();
        file.try_lock().unwrap();
        let mut incoming = Incoming::new(file).unwrap();
        let pieces = 40;
        for number in 0..pieces {
            let mut piece = Piece::new();
            assert!(piece.fill(&mut io::repeat(number)).unwrap());
            assert_eq!(incoming.write(piece).unwrap().len(), 0);
        }
        assert!(open().try_lock().is_err());
        incoming.finish().unwrap();
        open().try_lock().unwrap();
        let content = std::fs::read(&path).unwrap();
        assert!(content.chunks(PIECE).zip(0..pieces).all(|(piece, number)| piece.iter().all(|byte| *byte == number)));
        assert_eq!(content.len(), usize::from(pieces) * PIECE);
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        let mut incoming = Incoming::new(File::options().write(true).open("/dev/full").unwrap()).unwrap();
        let told = (0..100).find_map(|_| incoming.write(Piece { bytes: vec![0; 4096], filled: 4096 }).err()).unwrap();
        assert_eq!(told.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_piece_takes_what_is_there() {
        let mut piece = Piece::new();
        assert!(piece.fill(&mut [7; 20_000].as_slice()).unwrap());
        assert_eq!(piece.len(), 20_000);
        assert!(!piece.fill(&mut io::empty()).unwrap());
    }
}
