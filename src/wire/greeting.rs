//! What the listening side says first, so that whoever connects knows whether it is in.

use serde::{Deserialize, Serialize};

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
