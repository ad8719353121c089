//! A file on its way to the disk while more of it comes in.

use std::fs::File;
use std::io::{self, Read, Write};
use std::num::NonZeroU64;
use std::os::unix::fs::MetadataExt;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

use rustix::fs::{Advice, fadvise};

use super::super::deadline::TRANSFER_BUFFER_BYTES;

/// Pieces that may wait to be written.
const WAITING: usize = 4;

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
pub(super) struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
}

impl Buffer {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; TRANSFER_BUFFER_BYTES], filled: 0 }
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
pub(super) struct BackgroundWriter {
    pieces: Option<SyncSender<Buffer>>,
    written: Receiver<Buffer>,
    writer: Option<JoinHandle<io::Result<()>>>,
    spare: Vec<Buffer>,
    /// Pieces that were taken and are not known to be in the file.
    waiting: usize,
    /// Bytes that are in the file and were not told of.
    stored: u64,
}

impl BackgroundWriter {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let (pieces, waiting) = sync_channel(WAITING);
        let (done, written) = channel();
        let write = move || write_all(&file, &waiting, &done);
        let writer = Some(Builder::new().stack_size(STACK).spawn(write)?);
        Ok(Self { pieces: Some(pieces), written, writer, spare: Vec::new(), waiting: 0, stored: 0 })
    }

    /// Takes a piece; gives one to be filled next.
    pub(super) fn write(&mut self, piece: Buffer) -> io::Result<Buffer> {
        let taken = self.pieces.as_ref().is_some_and(|pieces| pieces.send(piece).is_ok());
        if !taken {
            // The writer is gone, and knows why.
            self.join()?;
        }
        self.waiting += 1;
        while let Ok(piece) = self.written.try_recv() {
            self.recycle(piece);
        }
        Ok(self.spare.pop().unwrap_or_else(Buffer::new))
    }

    /// Waits until everything that was taken is in the file.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while self.waiting > 0 {
            match self.written.recv() {
                Ok(piece) => self.recycle(piece),
                Err(_) => return self.join(),
            }
        }
        Ok(())
    }

    /// How many more bytes are in the file than when this was asked before.
    pub(super) fn newly_stored(&mut self) -> u64 {
        std::mem::take(&mut self.stored)
    }

    fn recycle(&mut self, mut piece: Buffer) {
        self.waiting -= 1;
        self.stored += piece.len();
        piece.filled = 0;
        self.spare.push(piece);
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

impl Drop for BackgroundWriter {
    fn drop(&mut self) {
        // With the file goes the lock on it. What an unfinished file lacks, its length tells.
        drop(self.join());
    }
}

/// Writes what comes, and returns when all of it is on the disk.
fn write_all(file: &File, waiting: &Receiver<Buffer>, written: &Sender<Buffer>) -> io::Result<()> {
    let start = file.metadata()?.len();
    let (mut begun, mut end) = (start, start);
    for piece in waiting {
        for part in piece.bytes.get(..piece.filled).unwrap_or_default().chunks(CHUNK) {
            (&*file).write_all(part)?;
        }
        end += piece.len();
        // Nobody takes it back who has all that he needs.
        drop(written.send(piece));
        if end - begun >= STEP {
            // Of pages that are not on the disk, this advice begins to write them, without waiting.
            let _advice = fadvise(file, begun, NonZeroU64::new(end - begun), Advice::DontNeed);
            begun = end;
        }
    }
    file.sync_all()?;
    // Somebody may have taken its last name.
    if file.metadata()?.nlink() == 0 { Err(io::ErrorKind::NotFound.into()) } else { Ok(()) }
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
        let mut incoming = BackgroundWriter::new(file).unwrap();
        let pieces = 40;
        for number in 0..pieces {
            let mut piece = Buffer::new();
            assert!(piece.fill(&mut io::repeat(number)).unwrap());
            assert_eq!(incoming.write(piece).unwrap().len(), 0);
        }
        assert!(open().try_lock().is_err());
        incoming.flush().unwrap();
        let bytes = u64::from(pieces) * TRANSFER_BUFFER_BYTES as u64;
        assert_eq!(
            (incoming.newly_stored(), incoming.newly_stored(), path.metadata().unwrap().len()),
            (bytes, 0, bytes)
        );
        incoming.finish().unwrap();
        open().try_lock().unwrap();
        let content = std::fs::read(&path).unwrap();
        assert!(
            content
                .chunks(TRANSFER_BUFFER_BYTES)
                .zip(0..pieces)
                .all(|(piece, number)| piece.iter().all(|byte| *byte == number))
        );
        assert_eq!(content.len(), usize::from(pieces) * TRANSFER_BUFFER_BYTES);
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        let mut incoming = BackgroundWriter::new(File::options().write(true).open("/dev/full").unwrap()).unwrap();
        let told = (0..100).find_map(|_| incoming.write(Buffer { bytes: vec![0; 4096], filled: 4096 }).err()).unwrap();
        assert_eq!(told.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn what_has_no_name_any_more_is_not_kept() {
        let incoming = BackgroundWriter::new(tempfile::tempfile().unwrap()).unwrap();
        assert_eq!(incoming.finish().unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_piece_takes_what_is_there() {
        let mut piece = Buffer::new();
        assert!(piece.fill(&mut [7; 20_000].as_slice()).unwrap());
        assert_eq!(piece.len(), 20_000);
        assert!(!piece.fill(&mut io::empty()).unwrap());
    }
}
