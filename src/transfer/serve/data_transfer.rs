//! Moves the bytes of one transfer between a file or listing and the data connection.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::sync::Arc;

use super::super::deadline::TRANSFER_BUFFER_BYTES;
use super::active_transfer::ActiveTransfer;
use super::background_writer::{BackgroundWriter, Buffer};
use super::connections::Connection;
use super::limits::DISK_TIMEOUT;
use super::shared::Shared;
use super::stream::MaybeTlsStream;
use super::virtual_path::VirtualPath;
use crate::foundation::file_space::FileSpace;

/// What a transfer reads or writes on the server's side.
pub(super) enum Payload {
    /// A file to be written.
    Upload(File),
    /// A file or a directory listing.
    Download(Box<dyn Read + Send>),
}

/// The side on which a transfer failed.
pub(super) enum TransferFailure {
    /// The server's own file, disk or thread.
    Local(io::Error),
    /// The client or its data connection.
    Peer(io::Error),
}

impl TransferFailure {
    /// A transfer that the client aborted or the server ended.
    pub(super) fn aborted() -> Self {
        Self::Peer(io::Error::new(io::ErrorKind::ConnectionAborted, "aborted"))
    }
}

/// One transfer, run in its own thread.
pub(super) struct DataTransfer<'t> {
    pub(super) shared: &'t Shared,
    pub(super) connection: Arc<Connection>,
    pub(super) use_tls: bool,
    pub(super) path: &'t VirtualPath,
    pub(super) active: &'t ActiveTransfer<'t>,
}

impl DataTransfer<'_> {
    pub(super) fn run(&self, socket: TcpStream, payload: Payload, offset: u64) -> Result<(), TransferFailure> {
        let mut stream = MaybeTlsStream::data(socket, &self.connection.deadline);
        if self.use_tls {
            stream.start_tls(&self.shared.tls).map_err(TransferFailure::Peer)?;
        }
        match payload {
            Payload::Upload(file) => self.receive(stream, file, offset),
            Payload::Download(source) => self.send(stream, source),
        }
    }

    /// Receives a file. Whatever the outcome, the quota counts the actual size of the file afterwards.
    fn receive(&self, stream: MaybeTlsStream, file: File, offset: u64) -> Result<(), TransferFailure> {
        let same_file = file.try_clone().map_err(TransferFailure::Local)?;
        let length = same_file.metadata().map_err(TransferFailure::Local)?.len();
        let mut space = FileSpace::new(self.shared.files.quota(), length);
        // The old content is kept until the data connection is established.
        space.truncate(&same_file, offset).map_err(TransferFailure::Local)?;
        let outcome = self.receive_from(stream, file, offset, &mut space);
        space.reconcile(&same_file);
        outcome
    }

    fn receive_from(
        &self,
        mut stream: MaybeTlsStream,
        mut file: File,
        offset: u64,
        space: &mut FileSpace,
    ) -> Result<(), TransferFailure> {
        file.seek(SeekFrom::Start(offset)).map_err(TransferFailure::Local)?;
        let mut writer = BackgroundWriter::new(file).map_err(TransferFailure::Local)?;
        let mut buffer = Buffer::new();
        loop {
            let more = buffer.fill(&mut stream);
            let count = buffer.len();
            space.extend(count).map_err(TransferFailure::Local)?;
            buffer = writer.write(buffer).map_err(TransferFailure::Local)?;
            self.active.advance(count);
            space.store(writer.newly_stored());
            // Checked last, so that the data received before an error is kept.
            if !more.map_err(TransferFailure::Peer)? {
                break;
            }
        }
        // Without TLS, a connection that the server has shut down reads like one that the client has finished.
        if self.active.is_aborted() || self.connection.deadline.close_reason().is_some() {
            return Err(TransferFailure::aborted());
        }
        self.commit(writer)?;
        self.shared.policy.on_change();
        // The file is complete; it does not matter whether the client reads the end of the stream.
        let _ = stream.finish();
        Ok(())
    }

    /// Waits until the file is on disk. This may take long, and no other connection may take over the upload then.
    fn commit(&self, mut writer: BackgroundWriter) -> Result<(), TransferFailure> {
        self.connection.deadline.set_timeout(DISK_TIMEOUT);
        writer.flush().map_err(TransferFailure::Local)?;
        self.connection.mark_complete();
        writer.finish().map_err(TransferFailure::Local)?;
        self.shared.files.sync_parent(self.path).map_err(TransferFailure::Local)?;
        self.connection.deadline.set_timeout(self.shared.limits.transfer);
        Ok(())
    }

    fn send(&self, mut stream: MaybeTlsStream, mut source: Box<dyn Read + Send>) -> Result<(), TransferFailure> {
        let mut buffer = vec![0; TRANSFER_BUFFER_BYTES];
        loop {
            let count = source.read(&mut buffer).map_err(TransferFailure::Local)?;
            if count == 0 {
                return stream.finish().map_err(TransferFailure::Peer);
            }
            stream.write_all(&buffer[..count]).map_err(TransferFailure::Peer)?;
            self.active.advance(count as u64);
        }
    }
}
