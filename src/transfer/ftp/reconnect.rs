//! A session that is opened when it is needed, and opened again after a failure.

use std::time::{Duration, Instant};

use super::super::error::TransferError;
use super::super::location::FtpAddress;
use super::greeting::Greeting;
use super::monitor::DeadlineMonitor;
use super::parameters::ConnectParameters;
use super::session::Session;
use crate::foundation::observer::Observer;
use crate::foundation::secret::Secret;

/// Servers keep a connection open for at least this long before the login.
const LOGIN_TIMEOUT_OF_SERVERS: Duration = Duration::from_secs(5);

/// The session of a client, and what must survive a reconnect.
pub(super) struct ReconnectingSession<'c> {
    parameters: &'c ConnectParameters,
    address: FtpAddress,
    observer: Observer<'c>,
    monitor: DeadlineMonitor,
    session: Option<Session>,
    password: Option<Secret<String>>,
    has_logged_in: bool,
    refuses_epsv: bool,
}

impl<'c> ReconnectingSession<'c> {
    pub(super) fn new(parameters: &'c ConnectParameters, address: FtpAddress, observer: Observer<'c>) -> Self {
        let monitor = DeadlineMonitor::default();
        let (session, password) = (None, None);
        Self { parameters, address, observer, monitor, session, password, has_logged_in: false, refuses_epsv: false }
    }

    /// Whether a login has succeeded before. From then on, a server that cannot be reached is expected to come back.
    pub(super) fn has_logged_in(&self) -> bool {
        self.has_logged_in
    }

    /// Returns the greeting of the open session, if there is one.
    pub(super) fn greeting(&self) -> Option<&Greeting> {
        self.session.as_ref().map(|session| &session.greeting)
    }

    /// Runs `work` in the open session or in a new one. The session is kept if `work` succeeds.
    pub(super) fn run<T>(
        &mut self,
        work: impl FnOnce(&mut Session) -> Result<T, TransferError>,
    ) -> Result<T, TransferError> {
        let (monitor, cancel) = (self.monitor.clone(), self.observer.cancel);
        monitor.run(cancel, || {
            let mut session = match self.session.take() {
                Some(session) => session,
                None => self.log_in()?,
            };
            let outcome = work(&mut session);
            // Some servers close the connection on EPSV; the next session uses PASV from the start.
            self.refuses_epsv |= session.refuses_epsv;
            if outcome.is_ok() {
                self.session = Some(session);
            }
            outcome
        })
    }

    /// Connects without logging in, and returns what the server says.
    pub(super) fn greet(&self) -> Result<Greeting, TransferError> {
        let session = self.monitor.run(self.observer.cancel, || self.connect());
        self.observer.check_cancelled()?;
        session.map(|session| session.greeting.clone())
    }

    fn connect(&self) -> Result<Session, TransferError> {
        self.parameters.open_session(&self.address, self.observer, |deadline| self.monitor.set(deadline))
    }

    fn log_in(&mut self) -> Result<Session, TransferError> {
        let mut session = self.connect()?;
        let password = match &self.password {
            Some(password) => password,
            None => {
                // The user may type slowly: no deadline applies meanwhile, and the server may close the connection.
                self.monitor.clear();
                let asked_at = Instant::now();
                let password = (self.parameters.password)(&self.address, self.observer)?;
                if asked_at.elapsed() > LOGIN_TIMEOUT_OF_SERVERS {
                    session = self.connect()?;
                }
                session.deadline.set_timeout(self.parameters.timeout);
                self.monitor.set(&session.deadline);
                self.password.insert(password)
            }
        };
        session.log_in(&self.address.user, password.expose())?;
        self.has_logged_in = true;
        if self.refuses_epsv {
            session.use_pasv();
        }
        Ok(session)
    }
}

impl Drop for ReconnectingSession<'_> {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else { return };
        let _ = self.monitor.run(self.observer.cancel, || {
            session.close();
            Ok(())
        });
    }
}
