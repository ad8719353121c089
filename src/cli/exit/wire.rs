//! Exit codes and next steps for errors of links.

use super::Explain;
use super::codes::{
    CANCELLED, CHANGED_CERTIFICATE, DENIED, JOB, LOCAL, NO_SERVER, PORT_TAKEN, PROTOCOL, SERVER, TIMEOUT,
    UNKNOWN_CERTIFICATE,
};
use crate::foundation::observer::Cancelled;
use crate::wire::{KeyOrigin, WireError};

impl Explain for WireError {
    fn explain(&self) -> (u8, Option<String>) {
        (code(self), next_step(self))
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
        WireError::PeerList { .. } | WireError::Runtime(_) => LOCAL,
        // The identity is a key in the state directory. `TransferError::Identity` is LOCAL, since the certificate of
        // `hestat serve` is a file that the user names.
        WireError::Identity(_) => JOB,
        WireError::Cancelled(Cancelled) => CANCELLED,
        WireError::ConnectionLost { .. }
        | WireError::Tls { .. }
        | WireError::Busy { .. }
        | WireError::Listen { .. } => SERVER,
    }
}

fn next_step(error: &WireError) -> Option<String> {
    Some(match error {
        WireError::Cancelled(Cancelled) => return None,
        WireError::Runtime(_) => {
            "Allow this process more open files and threads (ulimit -n, ulimit -u), or end other programs.".into()
        }
        WireError::Unreachable { .. } => "Check the address, and that the peer is running.".into(),
        WireError::Timeout { .. } => {
            "Check the network, and that the peer is running; --timeout and --silence allow more time.".into()
        }
        WireError::UntrustedKey { found, .. } => {
            format!("If this is the fingerprint its owner gave you, use --peer-fingerprint {found}")
        }
        WireError::KeyMismatch { origin, .. } => {
            format!(
                "Nothing was sent over this connection. Ask the owner of the peer whether its key was replaced. {}",
                new_key_next_step(origin)
            )
        }
        WireError::NotAllowed { own, .. } => {
            format!("Ask the owner of the peer to allow this identity with --allow-peer {own}")
        }
        WireError::NotApproved { own, .. } => format!(
            "Ask the owner of the peer to answer, or to allow this identity with --allow-peer {own}; --timeout allows \
             more time."
        ),
        WireError::ProtocolViolation { .. } => "Check that both sides run the same version of hestat.".into(),
        WireError::PortTaken { .. } => "Stop that program, or choose another port with --listen.".into(),
        WireError::Listen { .. } => {
            "Check the address given with --listen, or wait until this machine has that address.".into()
        }
        WireError::PeerList { .. } => {
            "Fix that file; docs/SCENARIOS.md describes its format. Without it, the peers listed there are unknown."
                .into()
        }
        WireError::Identity(_) => "Create another identity with hestat identity new.".into(),
        WireError::ConnectionLost { .. } | WireError::Tls { .. } | WireError::Busy { .. } => {
            "Wait a moment, then run the command again.".into()
        }
    })
}

/// Returns what to do if the peer's owner confirms that its key was replaced.
fn new_key_next_step(origin: &KeyOrigin) -> String {
    match origin {
        KeyOrigin::Pinned => "If its key is new, use --peer-fingerprint with the new fingerprint.".into(),
        KeyOrigin::KnownPeers(path) => format!(
            "If its key is new, use --peer-fingerprint with the new fingerprint, or remove its line from {}.",
            path.display()
        ),
        KeyOrigin::FirstUse => {
            "More than one key answers at this address; use --peer-fingerprint with the right one.".into()
        }
    }
}
