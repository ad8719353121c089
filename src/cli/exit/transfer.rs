//! Exit codes and next steps for errors of the connection to a server.

use super::Explain;
use super::codes::{
    CANCELLED, CHANGED_CERTIFICATE, DENIED, LOCAL, NO_SERVER, NO_TLS, PORT_TAKEN, PROTOCOL, QUOTA, SERVER, SERVER_FULL,
    TIMEOUT, UNKNOWN_CERTIFICATE, USAGE, WRONG_PASSWORD,
};
use crate::foundation::observer::Cancelled;
use crate::transfer::TransferError;

impl Explain for TransferError {
    fn explain(&self) -> (u8, Option<String>) {
        let next_step = next_step(self).map(|step| match code(self) {
            SERVER | SERVER_FULL | QUOTA => format!("{step} Then run the command again."),
            _ => step.into(),
        });
        (code(self), next_step)
    }
}

fn code(error: &TransferError) -> u8 {
    match error {
        TransferError::Cancelled(Cancelled) => CANCELLED,
        TransferError::Local { .. }
        | TransferError::System { .. }
        | TransferError::KnownServers { .. }
        | TransferError::Identity { .. } => LOCAL,
        TransferError::Plain { .. } | TransferError::NoPassword { .. } | TransferError::Password { .. } => USAGE,
        TransferError::Unreachable { .. } => NO_SERVER,
        TransferError::Timeout { .. } => TIMEOUT,
        TransferError::LoginRefused { .. } => WRONG_PASSWORD,
        TransferError::UnknownCertificate { .. } => UNKNOWN_CERTIFICATE,
        TransferError::CertificateMismatch { .. } | TransferError::DataCertificateMismatch { .. } => {
            CHANGED_CERTIFICATE
        }
        TransferError::NoTls { .. } => NO_TLS,
        TransferError::Denied { .. } => DENIED,
        TransferError::ServerFull { .. } => SERVER_FULL,
        TransferError::Quota { .. } => QUOTA,
        TransferError::Protocol { .. } | TransferError::TooLarge { .. } => PROTOCOL,
        TransferError::PortTaken { .. } => PORT_TAKEN,
        TransferError::ConnectionLost { .. }
        | TransferError::Tls { .. }
        | TransferError::Busy { .. }
        | TransferError::Server { .. }
        | TransferError::Listen { .. }
        | TransferError::Incomplete { .. } => SERVER,
    }
}

/// Returns the next step without "run the command again"; none if the user cancelled.
pub(super) fn next_step(error: &TransferError) -> Option<&'static str> {
    Some(match error {
        TransferError::Cancelled(Cancelled) => return None,
        TransferError::Local { .. } => "Check the path, its permissions and the free space on its disk.",
        TransferError::System { .. } => "Allow this process more threads and memory (ulimit -u, -v).",
        TransferError::KnownServers { .. } => {
            "Fix or remove that file; it contains only addresses and certificate fingerprints."
        }
        TransferError::Plain { .. } => {
            "Use ftps:// for TLS, or --insecure-plain-ftp if nobody else can read the network traffic."
        }
        TransferError::NoPassword { .. } | TransferError::Password { .. } => {
            "Provide it with --password-file FILE, in the variable HESTAT_PASSWORD, in ~/.netrc, or on a terminal."
        }
        TransferError::Unreachable { .. } => "Check the address given with --server, and that the server is running.",
        TransferError::Timeout { .. } => {
            "Check the network and firewalls (data connections use other ports), or raise --server-timeout."
        }
        TransferError::LoginRefused { .. } => {
            "Check user and password; hestat serve prints the path of its password file when it starts."
        }
        TransferError::UnknownCertificate { .. } => {
            "If the server's owner confirms that fingerprint, use --server-fingerprint with it, \
             or --server-certificate with the server's certificate."
        }
        TransferError::CertificateMismatch { .. } => {
            "Nothing was sent over this connection. Ask the server's owner; if its certificate is new, \
             use --server-fingerprint with the new fingerprint."
        }
        TransferError::DataCertificateMismatch { .. } => {
            "User, password and file names were sent before, over the control connection, whose certificate is \
             correct; nothing was sent over this data connection. Ask the server's owner."
        }
        TransferError::NoTls { .. } => {
            "Enable TLS on the server; or use ftp:// and --insecure-plain-ftp if nobody else can read the network \
             traffic."
        }
        TransferError::Denied { .. } => {
            "Ask the server's owner for access. The address of hestat serve has no path: jobs go to its root directory."
        }
        TransferError::ServerFull { .. } | TransferError::Quota { .. } => "Free some space there.",
        TransferError::Protocol { .. } | TransferError::TooLarge { .. } => {
            "Check that the address is that of the intended server; hestat ping shows more."
        }
        TransferError::Identity { .. } => {
            "Provide a certificate and its private key as PEM, the key not encrypted; or neither, \
             to have them generated."
        }
        TransferError::PortTaken { .. } => "Stop that program, or choose another port with --listen.",
        TransferError::Listen { .. } => "Check the address given with --listen, or wait until the network is up.",
        TransferError::ConnectionLost { .. }
        | TransferError::Tls { .. }
        | TransferError::Busy { .. }
        | TransferError::Server { .. }
        | TransferError::Incomplete { .. } => "Wait a moment.",
    })
}
