//! Writes an upload to disk in the background, while more of it is received.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

use super::super::deadline::TRANSFER_BUFFER_BYTES;
use crate::foundation::fs::advise_dont_need;

/// Maximum number of buffers that wait to be written.
const QUEUE_LENGTH: usize = 4;

/// Bytes after which the kernel is asked to start writing them to the disk.
const WRITEBACK_INTERVAL: u64 = 4 << 20;

/// Maximum bytes of a TLS record (RFC 5246, section 6.2.1). A pause often follows a shorter one.
const TLS_RECORD: usize = 16 << 10;

/// Bytes per write. Larger writes were slower.
const WRITE_SIZE: usize = 16 << 10;

/// Stack size of the writer thread, in bytes.
const STACK_SIZE: usize = 64 << 10;

/// Bytes received from a client.
#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
}

impl Buffer {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; TRANSFER_BUFFER_BYTES], filled: 0 }
    }

    /// Returns the number of bytes that it contains.
    pub(super) fn len(&self) -> u64 {
        self.filled as u64
    }

    /// Reads what is available, up to the buffer's capacity; returns whether more may follow.
    pub(super) fn fill(&mut self, source: &mut impl Read) -> io::Result<bool> {
        while self.filled < self.bytes.len() {
            let size = (self.bytes.len() - self.filled).min(TLS_RECORD);
            let count = source.read(&mut self.bytes[self.filled..][..size])?;
            self.filled += count;
            if count < size {
                return Ok(count > 0);
            }
        }
        Ok(true)
    }
}

/// Writes a file sequentially in its own thread. Decryption does not wait for the kernel, the kernel does not wait for
/// the disk, and little is left to write at the end.
#[derive(Debug)]
pub(super) struct BackgroundWriter {
    queue: Option<SyncSender<Buffer>>,
    written: Receiver<Buffer>,
    thread: Option<JoinHandle<io::Result<()>>>,
    free: Vec<Buffer>,
    /// Buffers that are in the queue or in `written`.
    in_flight: usize,
    /// Bytes written to the file and not reported by [`BackgroundWriter::newly_stored`] yet.
    stored: u64,
}

impl BackgroundWriter {
    /// Starts the thread. The file's position must be at its end.
    pub(super) fn new(file: File) -> io::Result<Self> {
        let (queue, queued) = sync_channel(QUEUE_LENGTH);
        let (done, written) = channel();
        let write = move || write_all(&file, &queued, &done);
        let thread = Some(Builder::new().stack_size(STACK_SIZE).spawn(write)?);
        Ok(Self { queue: Some(queue), written, thread, free: Vec::new(), in_flight: 0, stored: 0 })
    }

    /// Queues a buffer; returns an empty one.
    pub(super) fn write(&mut self, buffer: Buffer) -> io::Result<Buffer> {
        let is_queued = self.queue.as_ref().is_some_and(|queue| queue.send(buffer).is_ok());
        if !is_queued {
            // The thread has failed; joining it returns its error.
            self.join()?;
        }
        self.in_flight += 1;
        while let Ok(buffer) = self.written.try_recv() {
            self.recycle(buffer);
        }
        Ok(self.free.pop().unwrap_or_else(Buffer::new))
    }

    /// Waits until all queued buffers have been written to the file.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while self.in_flight > 0 {
            match self.written.recv() {
                Ok(buffer) => self.recycle(buffer),
                Err(_) => return self.join(),
            }
        }
        Ok(())
    }

    /// Returns the number of bytes written to the file since the last call.
    pub(super) fn newly_stored(&mut self) -> u64 {
        std::mem::take(&mut self.stored)
    }

    fn recycle(&mut self, mut buffer: Buffer) {
        self.in_flight -= 1;
        self.stored += buffer.len();
        buffer.filled = 0;
        self.free.push(buffer);
    }

    /// Waits until the whole file is on disk.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.join()
    }

    fn join(&mut self) -> io::Result<()> {
        self.queue = None;
        join(self.thread.take())
    }
}

impl Drop for BackgroundWriter {
    fn drop(&mut self) {
        // Waits until the file is closed, which releases its lock. An incomplete file shows in its length, so an error
        // can be ignored.
        let _ = self.join();
    }
}

/// Writes the queued buffers, and returns when all of them are on disk.
fn write_all(file: &File, queued: &Receiver<Buffer>, written: &Sender<Buffer>) -> io::Result<()> {
    let length = file.metadata()?.len();
    let (mut start, mut end) = (length, length);
    for buffer in queued {
        for chunk in buffer.bytes[..buffer.filled].chunks(WRITE_SIZE) {
            (&*file).write_all(chunk)?;
        }
        end += buffer.len();
        // The receiver is gone if the writer is being dropped.
        let _ = written.send(buffer);
        if end - start >= WRITEBACK_INTERVAL {
            // These pages are not on disk yet, so this starts their writeback.
            advise_dont_need(file, start..end);
            start = end;
        }
    }
    file.sync_all()?;
    // The file may have been removed meanwhile.
    if file.metadata()?.nlink() == 0 { Err(io::ErrorKind::NotFound.into()) } else { Ok(()) }
}

/// Returns the thread's error on the first call, and no error on later ones.
fn join(thread: Option<JoinHandle<io::Result<()>>>) -> io::Result<()> {
    let panicked = |_| Err(io::Error::other("a writer thread panicked"));
    thread.map_or(Ok(()), |thread| thread.join().unwrap_or_else(panicked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_in_order_and_finishing_releases_the_lock() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let open = || File::options().write(true).create(true).truncate(false).open(&path).unwrap();
        let file = open();
        file.try_lock().unwrap();
        let mut writer = BackgroundWriter::new(file).unwrap();
        let buffers = 40;
        for number in 0..buffers {
            let mut buffer = Buffer::new();
            assert!(buffer.fill(&mut io::repeat(number)).unwrap());
            assert_eq!(writer.write(buffer).unwrap().len(), 0);
        }
        assert!(open().try_lock().is_err());
        writer.flush().unwrap();
        let bytes = u64::from(buffers) * TRANSFER_BUFFER_BYTES as u64;
        assert_eq!((writer.newly_stored(), writer.newly_stored(), path.metadata().unwrap().len()), (bytes, 0, bytes));
        writer.finish().unwrap();
        open().try_lock().unwrap();
        let content = std::fs::read(&path).unwrap();
        assert!(
            content
                .chunks(TRANSFER_BUFFER_BYTES)
                .zip(0..buffers)
                .all(|(chunk, number)| chunk.iter().all(|byte| *byte == number))
        );
        assert_eq!(content.len(), usize::from(buffers) * TRANSFER_BUFFER_BYTES);
    }

    #[test]
    fn a_write_error_is_returned() {
        let mut writer = BackgroundWriter::new(File::options().write(true).open("/dev/full").unwrap()).unwrap();
        let error = (0..100).find_map(|_| writer.write(Buffer { bytes: vec![0; 4096], filled: 4096 }).err()).unwrap();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn finishing_a_removed_file_fails() {
        let writer = BackgroundWriter::new(tempfile::tempfile().unwrap()).unwrap();
        assert_eq!(writer.finish().unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_buffer_takes_what_is_available() {
        let mut buffer = Buffer::new();
        assert!(buffer.fill(&mut [7; 20_000].as_slice()).unwrap());
        assert_eq!(buffer.len(), 20_000);
        assert!(!buffer.fill(&mut io::empty()).unwrap());
    }
}
