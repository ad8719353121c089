//! Errors of the client and of the embedded server.

use std::io;
use std::path::Path;

use crate::crypto::CertificateFingerprint;
use crate::foundation::observer::Cancelled;
use crate::foundation::ownership::OwnershipError;

/// Why a transfer or the start of a server failed.
///
/// `location` is the server as `host:port` or URL, `account` is `user at host:port`, `operation` completes "while …",
/// and `reply` and `reason` are one line of text without control characters.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are described above, once for all variants")]
pub enum TransferError {
    /// The server cannot be found, or does not accept the connection.
    #[error("cannot reach the server at {location}")]
    Unreachable { location: String, source: io::Error },
    /// The server made no progress within the timeout.
    #[error("the server at {location} timed out while {operation}: no progress for {seconds} s")]
    Timeout { location: String, seconds: u64, operation: String },
    /// The connection ended early, in every attempt.
    #[error("the connection to {location} was lost while {operation}")]
    ConnectionLost { location: String, operation: String, source: io::Error },
    /// The server rejects the user name or the password.
    #[error("login refused for {account}: {reply}")]
    LoginRefused { account: String, reply: String },
    /// No source of passwords has one for the account.
    #[error("no password for {account}")]
    NoPassword { account: String },
    /// A source of passwords cannot be read.
    #[error("cannot get the password for {account}: {reason}")]
    Password { account: String, reason: String },
    /// The certificate is neither pinned nor remembered nor signed by a trusted authority.
    #[error("the certificate of {location} is not trusted: {reason}. Its fingerprint is {fingerprint}")]
    UnknownCertificate { location: String, fingerprint: CertificateFingerprint, reason: String },
    /// The certificate differs from the pinned or remembered one, which comes from the option or file `expected_by`.
    #[error(
        "THE CERTIFICATE OF {location} DOES NOT MATCH {expected_by}. The connection may be intercepted. \
         Expected {expected}, found {found}"
    )]
    CertificateMismatch { location: String, expected_by: String, expected: String, found: CertificateFingerprint },
    /// A data connection has a different certificate from its control connection, over which the login has been sent.
    #[error(
        "A DATA CONNECTION TO {location} HAS A DIFFERENT CERTIFICATE FROM ITS CONTROL CONNECTION. \
         The connection may be intercepted. Expected {expected}, found {found}"
    )]
    DataCertificateMismatch { location: String, expected: CertificateFingerprint, found: CertificateFingerprint },
    /// The list of known servers cannot be read or written.
    #[error("cannot use the list of known servers {path}")]
    KnownServers { path: String, source: io::Error },
    /// The server refuses AUTH TLS.
    #[error("the server at {location} does not offer TLS: {reply}")]
    NoTls { location: String, reply: String },
    /// The URL asks for a connection without TLS, which is not allowed.
    #[error("a connection to {location} would send the password and all file names in plain text")]
    Plain { location: String },
    /// A TLS connection cannot be established.
    #[error("TLS connection to {location} failed: {reason}")]
    Tls { location: String, reason: String },
    /// The server violates the FTP protocol, or refuses a command for good.
    #[error("unexpected response from {location} while {operation}: {reply}")]
    Protocol { location: String, operation: String, reply: String },
    /// The server is temporarily unavailable (4xx reply).
    #[error("the server at {location} is temporarily unavailable: {reply}")]
    Busy { location: String, reply: String },
    /// The server's disk is full.
    #[error("cannot write {path}: the server's disk is full")]
    ServerFull { path: String },
    /// The account's quota on the server is used up.
    #[error("cannot write {path}: the quota of the account on the server is used up")]
    Quota { path: String },
    /// The server refuses access to a file or directory.
    #[error("the server denies access to {path}: {reason}")]
    Denied { path: String, reason: String },
    /// Any other failure of the server's file system.
    #[error("cannot access {path} on the server")]
    Server { path: String, source: io::Error },
    /// A local file cannot be read or written; `file` is its path, or what it contains.
    #[error("cannot use {file}")]
    Local { file: String, source: io::Error },
    /// The operating system refuses a resource; `action` completes "cannot …".
    #[error("cannot {action}")]
    System { action: &'static str, source: io::Error },
    /// A file or list on the server is larger than `limit` bytes.
    #[error("{path} on the server is larger than {limit} bytes")]
    TooLarge { path: String, limit: u64 },
    /// An uploaded file does not have the size, in bytes, of the local one.
    #[error("{path} has {found} bytes on the server instead of {sent}")]
    Incomplete { path: String, found: u64, sent: u64 },
    /// The address of the embedded server is in use.
    #[error("{address} is in use by another program")]
    PortTaken { address: String },
    /// The certificate or key (`what`) of the embedded server cannot be used.
    #[error("cannot use the server's {what}: {reason}")]
    Identity { what: &'static str, reason: String },
    /// The embedded server cannot listen on its address.
    #[error("cannot listen on {address}")]
    Listen { address: String, source: io::Error },
    /// The user asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl TransferError {
    /// Whether another attempt may succeed.
    pub fn is_transient(&self) -> bool {
        use TransferError::{Busy, ConnectionLost, Incomplete, Tls};
        self.is_unreachable() || matches!(self, ConnectionLost { .. } | Tls { .. } | Busy { .. } | Incomplete { .. })
    }

    /// Whether the cause is a local file that another user could have written.
    pub fn is_ownership_error(&self) -> bool {
        let (Self::Local { source, .. } | Self::KnownServers { source, .. }) = self else { return false };
        OwnershipError::inside(source).is_some()
    }

    /// Whether there may be no server at the address at all.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Timeout { .. })
    }

    /// For `map_err`: an error of the list of known servers at `path`.
    pub(super) fn known_servers(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        |source| Self::KnownServers { path, source }
    }

    /// For `map_err`: an error of the local file at `path`.
    pub(super) fn local(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let file = path.display().to_string();
        move |source| Self::Local { file: file.clone(), source }
    }

    /// Converts an error of the server's file system at `path`.
    pub(super) fn at_server(path: &Path, source: io::Error) -> Self {
        let path = path.display().to_string();
        match source.kind() {
            io::ErrorKind::StorageFull => Self::ServerFull { path },
            io::ErrorKind::QuotaExceeded => Self::Quota { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Denied { path, reason: source.to_string() }
            }
            _ => Self::Server { path, source },
        }
    }
}
