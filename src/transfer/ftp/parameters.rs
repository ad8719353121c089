//! The settings of FTP connections, and how a server is authenticated with them: by a pinned certificate, by a
//! certificate authority, or by trust on first use.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::super::deadline::Deadline;
use super::super::error::TransferError;
use super::super::location::FtpAddress;
use super::session::Session;
use super::trust::ServerTrust;
use super::verifier::ExpectedCertificate;
use crate::crypto::CertificateFingerprint;
use crate::foundation::known_hosts::KnownHosts;
use crate::foundation::observer::Observer;
use crate::foundation::secret::Secret;

/// Returns the password of an account. It may ask the user, and should stop when the observer is cancelled.
pub type PasswordSource = Box<dyn Fn(&FtpAddress, Observer<'_>) -> Result<Secret<String>, TransferError> + Send + Sync>;

/// Asks the user whether to trust a server's certificate.
pub type ConfirmCertificate = Box<dyn Fn(&FtpAddress, CertificateFingerprint) -> bool + Send + Sync>;

/// The settings of FTP connections.
pub struct ConnectParameters {
    /// How servers are authenticated.
    pub trust: ServerTrust,
    /// The file with the certificates of known servers. If `None`, no certificate is remembered.
    pub known_servers: Option<PathBuf>,
    /// Asks about unknown certificates. If `None`, they are refused.
    pub confirm: Option<ConfirmCertificate>,
    /// Where passwords come from.
    pub password: PasswordSource,
    /// How long a server may make no progress.
    pub timeout: Duration,
    /// How often a failed operation is retried.
    pub retries: u32,
    /// Whether connections without TLS are allowed.
    pub allow_plain: bool,
}

impl Default for ConnectParameters {
    fn default() -> Self {
        let no_password =
            |address: &FtpAddress, _: Observer<'_>| Err(TransferError::NoPassword { account: address.account() });
        Self {
            trust: ServerTrust::Known,
            known_servers: None,
            confirm: None,
            password: Box::new(no_password),
            timeout: Duration::from_secs(30),
            retries: 8,
            allow_plain: false,
        }
    }
}

impl ConnectParameters {
    /// Connects to the server at `address`, authenticates it and remembers its certificate. Calls `on_deadline` with
    /// the deadline of each connection before it is opened; the caller must enforce it.
    pub(super) fn open_session(
        &self,
        address: &FtpAddress,
        observer: Observer<'_>,
        on_deadline: impl Fn(&Arc<Deadline>),
    ) -> Result<Session, TransferError> {
        if !address.uses_tls && !self.allow_plain {
            return Err(TransferError::Plain { location: address.to_string() });
        }
        let session = match Session::open(address, self.expected(address)?, self.timeout, &on_deadline) {
            Err(TransferError::UnknownCertificate { fingerprint, .. }) if self.confirms(address, fingerprint) => {
                let source = "the certificate you confirmed".into();
                let expected = ExpectedCertificate::Pinned { fingerprints: vec![fingerprint], source };
                Session::open(address, expected, self.timeout, on_deadline)?
            }
            outcome => outcome?,
        };
        self.remember(address, &session, observer)?;
        Ok(session)
    }

    fn expected(&self, address: &FtpAddress) -> Result<ExpectedCertificate, TransferError> {
        match &self.trust {
            ServerTrust::Pinned { fingerprints, source } => {
                Ok(ExpectedCertificate::Pinned { fingerprints: fingerprints.clone(), source: source.clone() })
            }
            ServerTrust::Authorities { roots, source } => ExpectedCertificate::ca_signed(roots, source),
            ServerTrust::Known => self.remembered(address),
        }
    }

    /// Returns the certificate that is remembered for the server at `address`.
    fn remembered(&self, address: &FtpAddress) -> Result<ExpectedCertificate, TransferError> {
        let Some(path) = &self.known_servers else { return Ok(ExpectedCertificate::Unknown) };
        let found = KnownHosts::at(path).find(&address.endpoint()).map_err(TransferError::known_servers(path))?;
        Ok(found.map_or(ExpectedCertificate::Unknown, |fingerprint| ExpectedCertificate::Pinned {
            fingerprints: vec![fingerprint],
            source: path.display().to_string(),
        }))
    }

    fn confirms(&self, address: &FtpAddress, fingerprint: CertificateFingerprint) -> bool {
        matches!(self.trust, ServerTrust::Known)
            && self.confirm.as_ref().is_some_and(|confirm| confirm(address, fingerprint))
    }

    fn remember(&self, address: &FtpAddress, session: &Session, observer: Observer<'_>) -> Result<(), TransferError> {
        let (Some(path), Some(fingerprint)) = (&self.known_servers, session.greeting.fingerprint) else {
            return Ok(());
        };
        // A certificate signed by an authority may be replaced at any time.
        if matches!(self.trust, ServerTrust::Authorities { .. }) {
            return Ok(());
        }
        let remembered = KnownHosts::at(path).remember(&address.endpoint(), &fingerprint);
        match remembered.map_err(TransferError::known_servers(path)) {
            // A pinned server is authenticated without the list.
            Err(error) if matches!(self.trust, ServerTrust::Pinned { .. }) && !error.is_ownership_error() => {
                observer.notice(&format!("the server's certificate is not remembered: {error}"));
                Ok(())
            }
            outcome => outcome,
        }
    }
}
