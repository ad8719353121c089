//! The first frames that a listener sends on a link: they say whether the peer is admitted.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Interval at which a peer that waits for a person's approval is sent [`AdmissionReply::Pending`].
pub(super) const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// Reply of the listening side to a peer that has proven its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum AdmissionReply {
    /// The peer is admitted.
    Accepted,
    /// A person is being asked; another reply follows.
    Pending,
    /// The peer's key is not allowed.
    NotAllowed,
    /// The listener is at its limit of links or pending approvals.
    Busy,
}
