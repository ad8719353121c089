//! [`RemoteStore`] on an FTP server.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::RemoteStore;
use super::super::error::TransferError;
use super::super::location::FtpAddress;
use super::greeting::Greeting;
use super::parameters::ConnectParameters;
use super::progress::UploadProgress;
use super::reconnect::ReconnectingSession;
use super::retry::{RetryBudget, retry};
use super::session::Session;
use crate::foundation::observer::Observer;

/// The largest directory listing that is read, in bytes.
const MAX_LISTING_BYTES: u64 = 1 << 16;

/// A client that is logged in at an FTP server. It reconnects after temporary failures.
pub struct FtpClient<'c> {
    parameters: &'c ConnectParameters,
    observer: Observer<'c>,
    /// The directory on the server, as in [`FtpAddress::path`].
    root: String,
    session: Mutex<ReconnectingSession<'c>>,
}

impl<'c> FtpClient<'c> {
    /// Connects and logs in.
    pub(in super::super) fn connect(
        parameters: &'c ConnectParameters,
        address: &FtpAddress,
        observer: Observer<'c>,
    ) -> Result<Self, TransferError> {
        let session = Mutex::new(ReconnectingSession::new(parameters, address.clone(), observer));
        let client = Self { parameters, observer, root: address.path.clone(), session };
        client.with_session(|_, _| Ok(()))?;
        Ok(client)
    }

    /// Connects without logging in, and disconnects.
    pub(in super::super) fn greet(
        parameters: &ConnectParameters,
        address: &FtpAddress,
        observer: Observer<'_>,
    ) -> Result<Greeting, TransferError> {
        ReconnectingSession::new(parameters, address.clone(), observer).greet()
    }

    /// Returns the greeting of the open session, if there is one.
    pub fn greeting(&self) -> Option<Greeting> {
        self.session().greeting().cloned()
    }

    fn session(&self) -> MutexGuard<'_, ReconnectingSession<'c>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` in a session, again after each temporary failure.
    pub(super) fn with_session<T>(
        &self,
        work: impl FnMut(&mut Session, &mut RetryBudget) -> Result<T, TransferError>,
    ) -> Result<T, TransferError> {
        let budget = RetryBudget::new(self.parameters.retries, self.parameters.timeout);
        retry(&mut self.session(), budget, self.observer, work)
    }

    /// Returns the path of the file or directory `name` on the server.
    pub(super) fn path(&self, name: &str) -> String {
        if self.root.is_empty() { name.into() } else { format!("{}/{name}", self.root) }
    }
}

impl RemoteStore for FtpClient<'_> {
    fn put(&self, local: &Path, name: &str, observer: Observer<'_>) -> Result<(), TransferError> {
        let at_client = TransferError::local(local);
        let mut file = File::open(local).map_err(&at_client)?;
        let sent = file.metadata().map_err(&at_client)?.len();
        let (path, part) = (self.path(name), self.path(&format!("{name}.part")));
        let progress = UploadProgress::new(observer.progress);
        let observer = observer.with_progress(&progress);
        self.with_session(|session, budget| {
            let refusal = create_directories(session, &path)?;
            // An earlier attempt may have succeeded although its reply was lost.
            if session.size(&path)? == Some(sent) {
                return Ok(());
            }
            let offset = session.size(&part)?.filter(|stored| *stored <= sent).unwrap_or(0);
            budget.record_progress(progress.begin_at(offset));
            if offset < sent || sent == 0 {
                file.seek(SeekFrom::Start(offset)).map_err(&at_client)?;
                session.store(&mut file, &part, offset, observer).map_err(|error| with_refusal(refusal, error))?;
            }
            let found = session.size(&part)?.unwrap_or(0);
            if found != sent {
                return Err(TransferError::Incomplete { path: path.clone(), found, sent });
            }
            session.rename(&part, &path)
        })
    }

    fn get(
        &self,
        name: &str,
        limit: u64,
        output: &mut dyn Write,
        observer: Observer<'_>,
    ) -> Result<u64, TransferError> {
        let path = self.path(name);
        let mut copied = 0;
        let outcome = self.with_session(|session, budget| {
            let (received, outcome) = session.retrieve(&path, copied, limit - copied, output, observer);
            copied += received;
            budget.record_progress(received);
            outcome
        });
        match outcome {
            Ok(()) => Ok(copied),
            Err(TransferError::TooLarge { .. }) => Err(TransferError::TooLarge { path, limit }),
            Err(error) => Err(error),
        }
    }

    fn size(&self, name: &str) -> Result<Option<u64>, TransferError> {
        self.with_session(|session, _| session.size(&self.path(name)))
    }

    fn remove_directory(&self, name: &str) -> Result<(), TransferError> {
        let directory = self.path(name);
        self.with_session(|session, _| {
            for name in session.list(&directory, MAX_LISTING_BYTES)? {
                session.remove_file(&format!("{directory}/{name}"))?;
            }
            session.remove_directory(&directory)
        })
    }
}

/// Creates the directories above `path`. Returns the reply to the last one if the server did not create it.
fn create_directories(session: &mut Session, path: &str) -> Result<Option<String>, TransferError> {
    let ends = path.match_indices('/').map(|(end, _)| end).filter(|end| *end > 0);
    let mut directories = ends.map(|end| &path[..end]);
    directories.try_fold(None, |_, directory| session.create_directory(directory))
}

/// Adds the server's refusal to create the directory to the error of storing a file in it.
fn with_refusal(refusal: Option<String>, error: TransferError) -> TransferError {
    match (refusal, error) {
        (Some(reply), TransferError::Denied { path, reason }) => {
            TransferError::Denied { path, reason: format!("{reason} (cannot create its directory: {reply})") }
        }
        (_, error) => error,
    }
}
