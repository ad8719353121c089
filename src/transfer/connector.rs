//! How servers are reached: by whom they are vouched for, with which password, and with how much patience.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::error::TransferError;
use super::ftp::session::Session;
use super::ftp::trust::Trust;
use super::ftp::verifier::Expected;
use super::location::{FtpAddress, Location};
use super::watch::Watch;
use super::{FtpServer, Greeting, Server, local};
use crate::crypto::Fingerprint;
use crate::foundation::known::Known;
use crate::foundation::observer::Observer;
use crate::foundation::secret::Secret;

/// Gives the password of an account, as long as the observer wants to go on.
pub type PasswordSource =
    Box<dyn Fn(&FtpAddress, &dyn Observer) -> Result<Secret<String>, TransferError> + Send + Sync>;

/// Asks a person whether a server's certificate is the right one.
pub type Confirmation = Box<dyn Fn(&FtpAddress, Fingerprint) -> bool + Send + Sync>;

/// Reaches servers.
pub struct Connector {
    /// How servers are told from others.
    pub trust: Trust,
    /// The file of servers that were met before, if there is to be one.
    pub known_servers: Option<PathBuf>,
    /// Asked about servers that nothing is known of.
    pub confirm: Option<Confirmation>,
    /// Where passwords come from.
    pub password: PasswordSource,
    /// How long a server may do nothing.
    pub timeout: Duration,
    /// How many attempts in a row may fail, beside the first one.
    pub retries: u32,
    /// Whether connections without TLS are allowed.
    pub plain: bool,
}

impl Default for Connector {
    fn default() -> Self {
        let none =
            |address: &FtpAddress, _: &dyn Observer| Err(TransferError::NoPassword { location: address.to_string() });
        Self {
            trust: Trust::Known,
            known_servers: None,
            confirm: None,
            password: Box::new(none),
            timeout: Duration::from_secs(30),
            retries: 8,
            plain: false,
        }
    }
}

impl Connector {
    /// The server at `location`.
    ///
    /// # Errors
    /// [`TransferError`]: it cannot be reached, is not the right one, or refuses the login.
    pub fn connect<'c>(
        &'c self,
        location: &Location,
        observer: &'c dyn Observer,
    ) -> Result<Box<dyn Server + 'c>, TransferError> {
        Ok(match location {
            Location::Directory(path) => Box::new(local::LocalDirectory::open(path)?),
            Location::Ftp(address) => Box::new(FtpServer::connect(self, address, observer)?),
        })
    }

    /// The FTP server at `address`, logged in.
    ///
    /// # Errors
    /// As [`Connector::connect`].
    pub fn connect_ftp<'c>(
        &'c self,
        address: &FtpAddress,
        observer: &'c dyn Observer,
    ) -> Result<FtpServer<'c>, TransferError> {
        FtpServer::connect(self, address, observer)
    }

    /// What the FTP server at `address` says before a login.
    ///
    /// # Errors
    /// [`TransferError`]: it cannot be reached, or is not the right one.
    pub fn greet(&self, address: &FtpAddress, observer: &dyn Observer) -> Result<Greeting, TransferError> {
        FtpServer::greet(self, address, observer)
    }

    /// Opens a session with a server that is the right one, which is remembered.
    pub(super) fn open_session(
        &self,
        address: &FtpAddress,
        observer: &dyn Observer,
        watched: impl Fn(&Arc<Watch>),
    ) -> Result<Session, TransferError> {
        if !address.secure && !self.plain {
            return Err(TransferError::Plain { location: address.to_string() });
        }
        let session = match Session::open(address, self.expected(address)?, self.timeout, &watched) {
            Err(TransferError::UnknownCertificate { fingerprint, .. }) if self.confirmed(address, fingerprint) => {
                let expected = Expected::Pinned { fingerprints: vec![fingerprint], by: "what you confirmed".into() };
                Session::open(address, expected, self.timeout, watched)?
            }
            outcome => outcome?,
        };
        self.remember(address, &session, observer)?;
        Ok(session)
    }

    fn remember(&self, address: &FtpAddress, session: &Session, observer: &dyn Observer) -> Result<(), TransferError> {
        let (Some(path), Some(fingerprint)) = (&self.known_servers, session.greeting.fingerprint) else {
            return Ok(());
        };
        // What an authority vouches for may change at any time.
        if matches!(self.trust, Trust::Authorities { .. }) {
            return Ok(());
        }
        match Known::at(path).remember(&address.endpoint(), &fingerprint).map_err(TransferError::known_servers(path)) {
            // Who names the pin each time needs no memory.
            Err(error) if matches!(self.trust, Trust::Pinned { .. }) && !error.is_of_ownership() => {
                observer.notice(&format!("the server will not be known again: {error}"));
                Ok(())
            }
            outcome => outcome,
        }
    }

    fn confirmed(&self, address: &FtpAddress, fingerprint: Fingerprint) -> bool {
        matches!(self.trust, Trust::Known) && self.confirm.as_ref().is_some_and(|confirm| confirm(address, fingerprint))
    }

    /// What the server at `address` is remembered by.
    fn known(&self, address: &FtpAddress) -> Result<Option<Fingerprint>, TransferError> {
        let Some(path) = &self.known_servers else { return Ok(None) };
        Known::at(path).find(&address.endpoint()).map_err(TransferError::known_servers(path))
    }

    fn expected(&self, address: &FtpAddress) -> Result<Expected, TransferError> {
        match &self.trust {
            Trust::Pinned { fingerprints, by } => {
                Ok(Expected::Pinned { fingerprints: fingerprints.clone(), by: by.clone() })
            }
            Trust::Authorities { roots, by } => Expected::by_authorities(roots, by),
            Trust::Known => {
                let by = self.known_servers.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
                Ok(self
                    .known(address)?
                    .map_or(Expected::Nothing, |fingerprint| Expected::Pinned { fingerprints: vec![fingerprint], by }))
            }
        }
    }
}
