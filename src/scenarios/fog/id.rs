//! Names of messages.

use std::fmt;

use rand_core::Rng;
use serde::{Deserialize, Serialize};

use crate::foundation::random::Randomness;

/// The name of a message: 128 random bits, written as 32 hexadecimal digits. It tells nothing of the message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageId(u128);

impl MessageId {
    /// A new name.
    pub fn draw(random: &mut Randomness) -> Self {
        Self(u128::from(random.next_u64()) << 64 | u128::from(random.next_u64()))
    }

    /// Whether `text` is how one is written.
    pub(super) fn is_written(text: &str) -> bool {
        text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
