//! What can go wrong between client and server.

use std::io;
use std::path::Path;

use crate::crypto::CertificateFingerprint;
use crate::foundation::observer::Cancelled;
use crate::foundation::ownership::OwnershipError;

/// Why bytes did not get there.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// No server there.
    #[error("no server at {location}")]
    Unreachable {
        /// Where it was looked for.
        location: String,
        /// Why.
        source: io::Error,
    },
    /// The server does not go on.
    #[error("the server at {location} does not answer: nothing for {seconds} seconds while {doing}")]
    Timeout {
        /// Which server.
        location: String,
        /// How long it was waited for.
        seconds: u64,
        /// What was waited for.
        doing: String,
    },
    /// The line was cut, and again at each new attempt.
    #[error("the connection to {location} breaks off while {doing}")]
    Broken {
        /// Which server.
        location: String,
        /// During what.
        doing: String,
        /// How.
        source: io::Error,
    },
    /// Name and password are not those of an account.
    #[error("{location} refuses the login: {reply}")]
    WrongPassword {
        /// Which server, as whom.
        location: String,
        /// In its words.
        reply: String,
    },
    /// There is no password to log in with.
    #[error("there is no password for {location}")]
    NoPassword {
        /// Which server, as whom.
        location: String,
    },
    /// The password is to be had from a place that does not give it.
    #[error("{location} needs a password, but {reason}")]
    Password {
        /// Which server, as whom.
        location: String,
        /// What is wrong.
        reason: String,
    },
    /// Nothing vouches for the server's certificate.
    #[error("the server at {location} is not known: {reason}. Its certificate has the fingerprint {fingerprint}")]
    UnknownCertificate {
        /// Which server.
        location: String,
        /// Its certificate.
        fingerprint: CertificateFingerprint,
        /// Why it is not accepted.
        reason: String,
    },
    /// It is not the certificate that it should be.
    #[error(
        "THE SERVER AT {location} SHOWS ANOTHER CERTIFICATE THAN {expected}. Somebody may be in between. It should have \
         {known}, but it has {fingerprint}"
    )]
    ChangedCertificate {
        /// Which server.
        location: String,
        /// Who says what it should be.
        expected: String,
        /// What it should be.
        known: String,
        /// What it is.
        fingerprint: CertificateFingerprint,
    },
    /// A data connection shows another certificate than the control connection, over which the login has been sent.
    #[error(
        "A DATA CONNECTION TO {location} SHOWS ANOTHER CERTIFICATE THAN ITS CONTROL CONNECTION. Somebody may be in between. It \
         should have {known}, but it has {fingerprint}"
    )]
    ChangedDataCertificate {
        /// Which server.
        location: String,
        /// The certificate of the control connection.
        known: CertificateFingerprint,
        /// The certificate of the data connection.
        fingerprint: CertificateFingerprint,
    },
    /// The list of known servers cannot be used.
    #[error("cannot use the list of known servers in {place}")]
    KnownServers {
        /// Which file.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// The server speaks plain FTP only.
    #[error("the server at {location} offers no TLS: {reply}")]
    NoTls {
        /// Which server.
        location: String,
        /// In its words.
        reply: String,
    },
    /// A plain connection that nobody asked for.
    #[error("{location} would send the password and all file names in plain")]
    Plain {
        /// Which server.
        location: String,
    },
    /// TLS did not come about.
    #[error("no TLS connection to {location}: {reason}")]
    Tls {
        /// Which server.
        location: String,
        /// Why.
        reason: String,
    },
    /// The server does not speak FTP as it should.
    #[error("the server at {location} does not keep to the protocol while {doing}: {reply}")]
    Protocol {
        /// Which server.
        location: String,
        /// During what.
        doing: String,
        /// What it said.
        reply: String,
    },
    /// The server is busy, or tired of us.
    #[error("the server at {location} does not take this now: {reply}")]
    Busy {
        /// Which server.
        location: String,
        /// In its words.
        reply: String,
    },
    /// The server's disk is full.
    #[error("the disk of the server is full (at {place})")]
    ServerFull {
        /// Where.
        place: String,
    },
    /// The account may not store as much.
    #[error("the server stores no more than it allows this account (at {place})")]
    Quota {
        /// Where.
        place: String,
    },
    /// The server does not let us.
    #[error("the server denies access to {place}")]
    Denied {
        /// To what.
        place: String,
    },
    /// Anything else on the server's side.
    #[error("the server fails at {place}")]
    Server {
        /// At what.
        place: String,
        /// How.
        source: io::Error,
    },
    /// The client's own file cannot be read or written.
    #[error("cannot use {place}")]
    Local {
        /// Which.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// A file larger than it may be.
    #[error("{place} on the server is larger than {limit} bytes")]
    TooLarge {
        /// Which.
        place: String,
        /// The most that is taken.
        limit: u64,
    },
    /// A file with another length than was sent.
    #[error("{place} has {found} bytes on the server instead of {sent}")]
    Incomplete {
        /// Which.
        place: String,
        /// There.
        found: u64,
        /// Here.
        sent: u64,
    },
    /// Our own server finds its port in use.
    #[error("{address} is in use by another program")]
    PortTaken {
        /// Where it should listen.
        address: String,
    },
    /// Our own server's certificate or key cannot be used.
    #[error("the {what} of the server cannot be used: {reason}")]
    Identity {
        /// Which of them.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// Our own server cannot begin.
    #[error("cannot serve at {address}")]
    Serve {
        /// Where it should listen.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// Work was stopped.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl TransferError {
    /// Whether another attempt may do better.
    pub fn may_pass(&self) -> bool {
        use TransferError::{Broken, Busy, Incomplete, Tls};
        self.is_absence() || matches!(self, Broken { .. } | Tls { .. } | Busy { .. } | Incomplete { .. })
    }

    /// Whether a file of secrets or trust here could have been written by another user.
    pub fn is_of_ownership(&self) -> bool {
        let (Self::Local { source, .. } | Self::KnownServers { source, .. }) = self else { return false };
        OwnershipError::inside(source).is_some()
    }

    /// Whether nobody seems to be there at all.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Timeout { .. })
    }

    /// For `map_err`: the list of known servers at `path` cannot be used.
    pub(super) fn known_servers(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let place = path.display().to_string();
        |source| Self::KnownServers { place, source }
    }

    /// What an error of the system means when it concerns `place` on the server.
    pub(super) fn at_server(place: &Path, source: io::Error) -> Self {
        let place = place.display().to_string();
        match source.kind() {
            io::ErrorKind::StorageFull => Self::ServerFull { place },
            io::ErrorKind::QuotaExceeded => Self::Quota { place },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Denied { place },
            _ => Self::Server { place, source },
        }
    }
}
