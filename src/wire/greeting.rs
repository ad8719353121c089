//! What the listening side says first, so that whoever connects knows whether it is in.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How often those who wait for a person's answer are told that it is still to come.
pub(super) const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// The first frames of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Greeting {
    /// Come in.
    Welcome,
    /// Somebody is being asked; another greeting follows.
    Asking,
    /// Not for you.
    NotEnrolled,
    /// Too many are here.
    Crowded,
}
