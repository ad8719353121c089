//! Servers.

use super::Explain;
use super::codes::{
    CANCELLED, CHANGED_CERTIFICATE, DENIED, LOCAL, NO_SERVER, NO_TLS, PORT_TAKEN, PROTOCOL, QUOTA, SERVER, SERVER_FULL,
    TIMEOUT, UNKNOWN_CERTIFICATE, USAGE, WRONG_PASSWORD,
};
use crate::foundation::observer::Cancelled;
use crate::transfer::TransferError;

impl Explain for TransferError {
    fn explain(&self) -> (u8, Option<String>) {
        let remedy = remedy(self).map(|remedy| match code(self) {
            SERVER | SERVER_FULL | QUOTA => format!("{remedy} Then run the command again."),
            _ => remedy.into(),
        });
        (code(self), remedy)
    }
}

fn code(error: &TransferError) -> u8 {
    match error {
        TransferError::Cancelled(Cancelled) => CANCELLED,
        TransferError::Local { .. } | TransferError::KnownServers { .. } | TransferError::Identity { .. } => LOCAL,
        TransferError::Plain { .. } | TransferError::NoPassword { .. } | TransferError::Password { .. } => USAGE,
        TransferError::Unreachable { .. } => NO_SERVER,
        TransferError::Timeout { .. } => TIMEOUT,
        TransferError::WrongPassword { .. } => WRONG_PASSWORD,
        TransferError::UnknownCertificate { .. } => UNKNOWN_CERTIFICATE,
        TransferError::ChangedCertificate { .. } | TransferError::ChangedDataCertificate { .. } => CHANGED_CERTIFICATE,
        TransferError::NoTls { .. } => NO_TLS,
        TransferError::Denied { .. } => DENIED,
        TransferError::ServerFull { .. } => SERVER_FULL,
        TransferError::Quota { .. } => QUOTA,
        TransferError::Protocol { .. } | TransferError::TooLarge { .. } => PROTOCOL,
        TransferError::PortTaken { .. } => PORT_TAKEN,
        TransferError::Broken { .. }
        | TransferError::Tls { .. }
        | TransferError::Busy { .. }
        | TransferError::Server { .. }
        | TransferError::Serve { .. }
        | TransferError::Incomplete { .. } => SERVER,
    }
}

pub(super) fn remedy(error: &TransferError) -> Option<&'static str> {
    Some(match error {
        TransferError::Cancelled(Cancelled) => return None,
        TransferError::Local { .. } => "Check the path, its permissions and the free space on its disk.",
        TransferError::KnownServers { .. } => {
            "Mend or remove that file; it holds nothing but addresses and fingerprints."
        }
        TransferError::Plain { .. } => "Write ftps:// for TLS, or say --insecure-plain-ftp if nobody can listen.",
        TransferError::NoPassword { .. } | TransferError::Password { .. } => {
            "Give it with --password-file FILE, in the variable HESTAT_PASSWORD, in ~/.netrc, or on a terminal."
        }
        TransferError::Unreachable { .. } => "Check the address given with --server, and that the server runs.",
        TransferError::Timeout { .. } => {
            "Check the network and firewalls (data connections have ports of their own), or give more time with --server-timeout."
        }
        TransferError::WrongPassword { .. } => {
            "Check user and password; hestat serve names the file of its password when it starts."
        }
        TransferError::UnknownCertificate { .. } => {
            "If that is the fingerprint the server's owner told you, say --server-fingerprint with it; or name its certificate with --server-certificate."
        }
        TransferError::ChangedCertificate { .. } => {
            "Nothing was sent over this connection. Ask the server's owner; if its certificate is new, use --server-fingerprint with the new fingerprint."
        }
        TransferError::ChangedDataCertificate { .. } => {
            "User, password and names of files had been sent before, over the control connection, whose certificate is the right one; nothing was sent over this data connection. Ask the server's owner."
        }
        TransferError::NoTls { .. } => {
            "Have TLS switched on there; or write ftp:// and say --insecure-plain-ftp if nobody can listen."
        }
        TransferError::Denied { .. } => {
            "Have the server's owner give you access. An address of hestat serve has no path: jobs go to its root."
        }
        TransferError::ServerFull { .. } | TransferError::Quota { .. } => "Make room there.",
        TransferError::Protocol { .. } | TransferError::TooLarge { .. } => {
            "Check that this is the server you mean; hestat ping tells more."
        }
        TransferError::Identity { .. } => {
            "Give a certificate and its own private key as PEM, the key not encrypted; or none, and one is made."
        }
        TransferError::PortTaken { .. } => "Stop that program, or choose another port with --listen.",
        TransferError::Serve { .. } => "Check the address given with --listen, or wait until it is there.",
        TransferError::Broken { .. }
        | TransferError::Tls { .. }
        | TransferError::Busy { .. }
        | TransferError::Server { .. }
        | TransferError::Incomplete { .. } => "Wait a moment.",
    })
}
