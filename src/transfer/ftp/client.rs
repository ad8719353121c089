//! An FTP server as a place for files: sessions are opened as they are needed, and again when they break.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::super::RemoteStore;
use super::super::connector::Connector;
use super::super::deadline::Deadline;
use super::super::error::TransferError;
use super::super::location::FtpAddress;
use super::progress::UploadProgress;
use super::retry::ClientState;
use super::session::{Greeting, Session};
use crate::foundation::observer::Observer;

/// The most bytes of a folder's list that are read.
const LONGEST_LIST: u64 = 1 << 16;

/// An account on an FTP server.
pub struct FtpClient<'c> {
    pub(super) connector: &'c Connector,
    pub(super) address: FtpAddress,
    pub(super) observer: &'c dyn Observer,
    pub(super) state: Mutex<ClientState>,
    pub(super) watch: Mutex<Option<Arc<Deadline>>>,
}

impl<'c> FtpClient<'c> {
    /// Logs in.
    pub(in super::super) fn connect(
        connector: &'c Connector,
        address: &FtpAddress,
        observer: &'c dyn Observer,
    ) -> Result<Self, TransferError> {
        let server = Self::new(connector, address, observer);
        server.retry(|_, _| Ok(()))?;
        Ok(server)
    }

    /// Connects, and goes away again.
    pub(in super::super) fn greet(
        connector: &'c Connector,
        address: &FtpAddress,
        observer: &'c dyn Observer,
    ) -> Result<Greeting, TransferError> {
        let server = Self::new(connector, address, observer);
        let opened =
            server.watched(|| connector.open_session(&server.address, observer, |watch| server.look_after(watch)));
        observer.check_cancelled()?;
        opened.map(|session| session.greeting.clone())
    }

    fn new(connector: &'c Connector, address: &FtpAddress, observer: &'c dyn Observer) -> Self {
        Self { connector, address: address.clone(), observer, state: Mutex::default(), watch: Mutex::default() }
    }

    /// What was learnt when the session that is open now was opened.
    pub fn greeting(&self) -> Option<Greeting> {
        self.state().session.as_ref().map(|session| session.greeting.clone())
    }

    /// What the server answers to a command of its own, if it knows it.
    ///
    /// # Errors
    /// [`TransferError`].
    pub fn ask(&self, command: &str) -> Result<Option<String>, TransferError> {
        self.retry(|session, _| session.ask(command))
    }

    fn place(&self, name: &str) -> String {
        if self.address.path.is_empty() { name.into() } else { format!("{}/{name}", self.address.path) }
    }
}

impl RemoteStore for FtpClient<'_> {
    fn put(&self, local: &Path, name: &str, observer: &dyn Observer) -> Result<(), TransferError> {
        let here = |source| TransferError::Local { place: local.display().to_string(), source };
        let mut file = File::open(local).map_err(here)?;
        let sent = file.metadata().map_err(here)?.len();
        let (place, part) = (self.place(name), self.place(&format!("{name}.part")));
        let progress = UploadProgress::new(observer);
        self.retry(|session, attempts| {
            let refusal = make_folders(session, &place)?;
            // An attempt before this one may have come further than its reply told.
            if session.size(&place)? == Some(sent) {
                return Ok(());
            }
            let offset = session.size(&part)?.filter(|there| *there <= sent).unwrap_or(0);
            attempts.progress(progress.begin_at(offset));
            if offset < sent || sent == 0 {
                file.seek(SeekFrom::Start(offset)).map_err(here)?;
                session.store(&mut file, &part, offset, &progress).map_err(|error| because_of(refusal, error))?;
            }
            let found = session.size(&part)?.unwrap_or(0);
            if found != sent {
                return Err(TransferError::Incomplete { place: place.clone(), found, sent });
            }
            session.rename(&part, &place)
        })
    }

    fn get(
        &self,
        name: &str,
        limit: u64,
        output: &mut dyn Write,
        observer: &dyn Observer,
    ) -> Result<u64, TransferError> {
        let place = self.place(name);
        let mut copied = 0;
        let outcome = self.retry(|session, attempts| {
            let (more, outcome) = session.retrieve(&place, copied, limit - copied, output, observer);
            copied += more;
            attempts.progress(more);
            outcome
        });
        match outcome {
            Ok(()) => Ok(copied),
            Err(TransferError::TooLarge { .. }) => Err(TransferError::TooLarge { place, limit }),
            Err(error) => Err(error),
        }
    }

    fn size(&self, name: &str) -> Result<Option<u64>, TransferError> {
        self.retry(|session, _| session.size(&self.place(name)))
    }

    fn remove_folder(&self, name: &str) -> Result<(), TransferError> {
        let folder = self.place(name);
        self.retry(|session, _| {
            for name in session.names(&folder, LONGEST_LIST)? {
                session.remove_file(&format!("{folder}/{name}"))?;
            }
            session.remove_folder(&folder)
        })
    }
}

/// Makes the folders that lead to `place`; what the server said of the last of them if it did not make it.
fn make_folders(session: &mut Session, place: &str) -> Result<Option<String>, TransferError> {
    let slashes = place.match_indices('/').map(|(at, _)| at).filter(|at| *at > 0);
    let mut folders = slashes.map(|at| place.get(..at).unwrap_or_default());
    folders.try_fold(None, |_, folder| session.make_folder(folder))
}

/// Where a file cannot be, the reason may be that its folder could not.
fn because_of(refusal: Option<String>, error: TransferError) -> TransferError {
    match (refusal, error) {
        (Some(said), TransferError::Denied { place }) => {
            TransferError::Denied { place: format!("{place} (of its folder it said: {said})") }
        }
        (_, error) => error,
    }
}

impl Drop for FtpClient<'_> {
    fn drop(&mut self) {
        let session = self.state().session.take();
        if let Some(session) = session {
            drop(self.watched(|| {
                session.close();
                Ok(())
            }));
        }
    }
}
