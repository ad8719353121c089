//! Scenario fog.

use super::Explain;
use super::codes::{DENIED, JOB, LOCAL, NO_NODE, PROTOCOL};
use crate::foundation::rlimit::TooFewFiles;
use crate::scenarios::fog::FogError;

impl Explain for FogError {
    fn explain(&self) -> (u8, Option<String>) {
        let say = |text: &str| Some(text.to_owned());
        match self {
            FogError::Wire(error) => error.explain(),
            FogError::KeyStore(error) => error.explain(),
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
            FogError::Duplicate { .. } => (DENIED, say("Give each node an identity of its own with --identity.")),
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
}
