//! How servers are reached: by whom they are vouched for, with which password, and with how much patience.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::deadline::Deadline;
use super::error::TransferError;
use super::ftp::session::Session;
use super::ftp::trust::ServerTrust;
use super::ftp::verifier::ExpectedCertificate;
use super::location::{FtpAddress, Location};
use super::{FtpClient, Greeting, RemoteStore, local};
use crate::crypto::CertificateFingerprint;
use crate::foundation::known_hosts::KnownHosts;
use crate::foundation::observer::Observer;
use crate::foundation::secret::Secret;

/// Gives the password of an account, as long as the observer wants to go on.
pub type PasswordSource =
    Box<dyn Fn(&FtpAddress, &dyn Observer) -> Result<Secret<String>, TransferError> + Send + Sync>;

/// Asks a person whether a server's certificate is the right one.
pub type ConfirmCertificate = Box<dyn Fn(&FtpAddress, CertificateFingerprint) -> bool + Send + Sync>;

/// Reaches servers.
pub struct Connector {
    /// How servers are told from others.
    pub trust: ServerTrust,
    /// The file of servers that were met before, if there is to be one.
    pub known_servers: Option<PathBuf>,
    /// Asked about servers that nothing is known of.
    pub confirm: Option<ConfirmCertificate>,
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
            trust: ServerTrust::Known,
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
    ) -> Result<Box<dyn RemoteStore + 'c>, TransferError> {
        Ok(match location {
            Location::Directory(path) => Box::new(local::LocalDirectory::open(path)?),
            Location::Ftp(address) => Box::new(FtpClient::connect(self, address, observer)?),
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
    ) -> Result<FtpClient<'c>, TransferError> {
        FtpClient::connect(self, address, observer)
    }

    /// What the FTP server at `address` says before a login.
    ///
    /// # Errors
    /// [`TransferError`]: it cannot be reached, or is not the right one.
    pub fn greet(&self, address: &FtpAddress, observer: &dyn Observer) -> Result<Greeting, TransferError> {
        FtpClient::greet(self, address, observer)
    }

    /// Opens a session with a server that is the right one, which is remembered.
    pub(super) fn open_session(
        &self,
        address: &FtpAddress,
        observer: &dyn Observer,
        watched: impl Fn(&Arc<Deadline>),
    ) -> Result<Session, TransferError> {
        if !address.secure && !self.plain {
            return Err(TransferError::Plain { location: address.to_string() });
        }
        let session = match Session::open(address, self.expected(address)?, self.timeout, &watched) {
            Err(TransferError::UnknownCertificate { fingerprint, .. }) if self.confirmed(address, fingerprint) => {
                let expected =
                    ExpectedCertificate::Pinned { fingerprints: vec![fingerprint], by: "what you confirmed".into() };
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
        if matches!(self.trust, ServerTrust::Authorities { .. }) {
            return Ok(());
        }
        match KnownHosts::at(path)
            .remember(&address.endpoint(), &fingerprint)
            .map_err(TransferError::known_servers(path))
        {
            // Who names the pin each time needs no memory.
            Err(error) if matches!(self.trust, ServerTrust::Pinned { .. }) && !error.is_of_ownership() => {
                observer.notice(&format!("the server will not be known again: {error}"));
                Ok(())
            }
            outcome => outcome,
        }
    }

    fn confirmed(&self, address: &FtpAddress, fingerprint: CertificateFingerprint) -> bool {
        matches!(self.trust, ServerTrust::Known)
            && self.confirm.as_ref().is_some_and(|confirm| confirm(address, fingerprint))
    }

    /// What the server at `address` is remembered by.
    fn known(&self, address: &FtpAddress) -> Result<Option<CertificateFingerprint>, TransferError> {
        let Some(path) = &self.known_servers else { return Ok(None) };
        KnownHosts::at(path).find(&address.endpoint()).map_err(TransferError::known_servers(path))
    }

    fn expected(&self, address: &FtpAddress) -> Result<ExpectedCertificate, TransferError> {
        match &self.trust {
            ServerTrust::Pinned { fingerprints, by } => {
                Ok(ExpectedCertificate::Pinned { fingerprints: fingerprints.clone(), by: by.clone() })
            }
            ServerTrust::Authorities { roots, by } => ExpectedCertificate::by_authorities(roots, by),
            ServerTrust::Known => {
                let by = self.known_servers.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
                Ok(self.known(address)?.map_or(ExpectedCertificate::Nothing, |fingerprint| {
                    ExpectedCertificate::Pinned { fingerprints: vec![fingerprint], by }
                }))
            }
        }
    }
}
