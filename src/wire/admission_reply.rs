//! What the listening side says first, so that whoever connects knows whether it is in.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How often those who wait for a person's answer are told that it is still to come.
pub(super) const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// The first frames of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum AdmissionReply {
    /// Come in.
    Accepted,
    /// Somebody is being asked; another greeting follows.
    Pending,
    /// Not for you.
    NotAllowed,
    /// Too many are here.
    Busy,
}
