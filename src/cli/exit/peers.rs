//! How commands end that work with peers.

use super::{
    CHANGED_CERTIFICATE, DENIED, JOB, LOCAL, NO_NODE, NO_SERVER, PORT_TAKEN, PROTOCOL, SERVER, STOPPED, TIMEOUT,
    UNKNOWN_CERTIFICATE, key_store,
};
use crate::foundation::observer::Stopped;
use crate::foundation::open_files::TooFewFiles;
use crate::scenarios::fog::FogError;
use crate::wire::WireError;

pub(super) fn fog(error: &FogError) -> (u8, Option<String>) {
    let say = |text: &str| Some(text.to_owned());
    match error {
        FogError::Wire(error) => wire(error),
        FogError::KeyStore(error) => key_store(error),
        FogError::Randomness(_) | FogError::Key(_) => (LOCAL, None),
        FogError::Seal(_) => (JOB, say("Try again with another key.")),
        FogError::File { .. } => (LOCAL, say("Check the path, its permissions and the free space on its disk.")),
        FogError::OpenFiles(TooFewFiles { needed, .. }) => {
            (LOCAL, Some(format!("Let it have them (ulimit -n {needed}), or ask for fewer with --nodes.")))
        }
        FogError::TooFewNodes { .. } => (
            NO_NODE,
            say("Start more nodes (hestat fog node), ask for fewer with --nodes, or wait longer with --timeout."),
        ),
        FogError::NoNode { .. } => {
            (NO_NODE, say("Start a node that has had no part yet, and begin again; or wait longer with --timeout."))
        }
        FogError::Changed { .. } => (LOCAL, say("Begin again, with a file that nobody writes into.")),
        FogError::Twin { .. } => (DENIED, say("Give each node an identity of its own with --identity.")),
        FogError::BadKey { .. } => (PROTOCOL, say("Have the client use an RSA key of 2048 to 8192 bits.")),
        FogError::Rejected { .. } => (
            PROTOCOL,
            say(
                "The client's journal says why: an answer was wrong, or a part was lost here too often. Check that both run \
                 the same version of hestat.",
            ),
        ),
    }
}

pub(super) fn wire(error: &WireError) -> (u8, Option<String>) {
    (code(error), remedy(error))
}

fn code(error: &WireError) -> u8 {
    match error {
        WireError::Unreachable { .. } => NO_SERVER,
        WireError::Silent { .. } | WireError::Unanswered { .. } => TIMEOUT,
        WireError::Unknown { .. } => UNKNOWN_CERTIFICATE,
        WireError::Changed { .. } => CHANGED_CERTIFICATE,
        WireError::NotEnrolled { .. } => DENIED,
        WireError::Malformed { .. } => PROTOCOL,
        WireError::PortTaken { .. } => PORT_TAKEN,
        WireError::Peers { .. } | WireError::Runtime(_) => LOCAL,
        WireError::Identity(_) => JOB,
        WireError::Stopped(Stopped) => STOPPED,
        WireError::Broken { .. } | WireError::Tls { .. } | WireError::Crowded { .. } | WireError::Listen { .. } => {
            SERVER
        }
    }
}

fn remedy(error: &WireError) -> Option<String> {
    Some(match error {
        WireError::Stopped(Stopped) => return None,
        WireError::Runtime(_) => {
            "Let this process have more open files and threads (ulimit -n, ulimit -u), or others fewer.".into()
        }
        WireError::Unreachable { .. } => "Check the address, and that somebody listens there.".into(),
        WireError::Silent { .. } => {
            "Check the network, and what it is that listens there; --timeout and --silence give more time.".into()
        }
        WireError::Unknown { found, .. } => {
            format!("If that is the fingerprint its owner told you, say --peer-fingerprint {found}")
        }
        WireError::Changed { .. } => {
            "Nothing was sent over this connection. Ask the owner of the peer; if its key is new, use --peer-fingerprint \
                                      with the new fingerprint, or remove its line from known_peers."
                .into()
        }
        WireError::NotEnrolled { own, .. } => format!("Have its owner take you in with --allow-peer {own}"),
        WireError::Unanswered { own, .. } => {
            format!("Have its owner answer, or take you in with --allow-peer {own}; --timeout gives more time.")
        }
        WireError::Malformed { .. } => "Check that both run the same version of hestat.".into(),
        WireError::PortTaken { .. } => "Stop that program, or choose another port with --listen.".into(),
        WireError::Listen { .. } => "Check the address given with --listen, or wait until it is there.".into(),
        WireError::Peers { .. } => {
            "Mend that file; docs/SCENARIOS.md says what is in it. Whoever was in it is not known without it.".into()
        }
        WireError::Identity(_) => "Make another identity with hestat identity new.".into(),
        WireError::Broken { .. } | WireError::Tls { .. } | WireError::Crowded { .. } => {
            "Wait a moment, then run the command again.".into()
        }
    })
}
