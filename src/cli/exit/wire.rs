//! Links to peers.

use super::Explain;
use super::codes::{
    CANCELLED, CHANGED_CERTIFICATE, DENIED, JOB, LOCAL, NO_SERVER, PORT_TAKEN, PROTOCOL, SERVER, TIMEOUT,
    UNKNOWN_CERTIFICATE,
};
use crate::foundation::observer::Cancelled;
use crate::wire::WireError;

impl Explain for WireError {
    fn explain(&self) -> (u8, Option<String>) {
        (code(self), remedy(self))
    }
}

fn code(error: &WireError) -> u8 {
    match error {
        WireError::Unreachable { .. } => NO_SERVER,
        WireError::Timeout { .. } | WireError::NotApproved { .. } => TIMEOUT,
        WireError::UntrustedKey { .. } => UNKNOWN_CERTIFICATE,
        WireError::KeyMismatch { .. } => CHANGED_CERTIFICATE,
        WireError::NotAllowed { .. } => DENIED,
        WireError::ProtocolViolation { .. } => PROTOCOL,
        WireError::PortTaken { .. } => PORT_TAKEN,
        WireError::Peers { .. } | WireError::Runtime(_) => LOCAL,
        WireError::Identity(_) => JOB,
        WireError::Cancelled(Cancelled) => CANCELLED,
        WireError::ConnectionLost { .. }
        | WireError::Tls { .. }
        | WireError::Busy { .. }
        | WireError::Listen { .. } => SERVER,
    }
}

fn remedy(error: &WireError) -> Option<String> {
    Some(match error {
        WireError::Cancelled(Cancelled) => return None,
        WireError::Runtime(_) => {
            "Let this process have more open files and threads (ulimit -n, ulimit -u), or others fewer.".into()
        }
        WireError::Unreachable { .. } => "Check the address, and that somebody listens there.".into(),
        WireError::Timeout { .. } => {
            "Check the network, and what it is that listens there; --timeout and --silence give more time.".into()
        }
        WireError::UntrustedKey { found, .. } => {
            format!("If that is the fingerprint its owner told you, say --peer-fingerprint {found}")
        }
        WireError::KeyMismatch { .. } => {
            "Nothing was sent over this connection. Ask the owner of the peer; if its key is new, use --peer-fingerprint \
                                      with the new fingerprint, or remove its line from known_peers."
                .into()
        }
        WireError::NotAllowed { own, .. } => format!("Have its owner take you in with --allow-peer {own}"),
        WireError::NotApproved { own, .. } => {
            format!("Have its owner answer, or take you in with --allow-peer {own}; --timeout gives more time.")
        }
        WireError::ProtocolViolation { .. } => "Check that both run the same version of hestat.".into(),
        WireError::PortTaken { .. } => "Stop that program, or choose another port with --listen.".into(),
        WireError::Listen { .. } => "Check the address given with --listen, or wait until it is there.".into(),
        WireError::Peers { .. } => {
            "Mend that file; docs/SCENARIOS.md says what is in it. Whoever was in it is not known without it.".into()
        }
        WireError::Identity(_) => "Make another identity with hestat identity new.".into(),
        WireError::ConnectionLost { .. } | WireError::Tls { .. } | WireError::Busy { .. } => {
            "Wait a moment, then run the command again.".into()
        }
    })
}
