//! Exit codes and next steps for errors of the fog scenario.

use super::Explain;
use super::codes::{DENIED, JOB, LOCAL, NO_NODE, PROTOCOL};
use crate::foundation::rlimit::TooFewFiles;
use crate::scenarios::fog::FogError;

impl Explain for FogError {
    fn explain(&self) -> (u8, Option<String>) {
        let (code, next_step) = match self {
            FogError::Wire(error) => return error.explain(),
            FogError::Randomness(_) | FogError::Key(_) => return (LOCAL, None),
            FogError::OpenFiles(TooFewFiles { needed, .. }) => {
                return (LOCAL, Some(format!("Raise the limit with ulimit -n {needed}, or lower --nodes.")));
            }
            FogError::Encrypt(_) => (JOB, "Try again with another key."),
            FogError::File { .. } => (LOCAL, "Check the path, its permissions and the free space on its disk."),
            FogError::TooFewNodes { .. } => {
                (NO_NODE, "Start more nodes (hestat fog node), lower --nodes, or raise --timeout.")
            }
            FogError::NoNode { .. } => {
                (NO_NODE, "Start a node that has had no part yet and run the command again, or raise --timeout.")
            }
            FogError::Changed { .. } => (LOCAL, "Run the command again, with a file that no other process writes to."),
            FogError::Duplicate { .. } => (DENIED, "Give each node its own identity with --identity."),
            FogError::BadKey { .. } => (PROTOCOL, "Have the client use an RSA key of 2048 to 8192 bits."),
            FogError::Rejected { .. } => (
                PROTOCOL,
                "The client's journal says why: this node returned wrong tokens, or lost its part too often. Check \
                 that both run the same version of hestat.",
            ),
        };
        (code, Some(next_step.into()))
    }
}
