//! What an attacker can do to a connection.

use std::time::Duration;

use super::impersonation::Impersonator;
use super::recording::Recording;
use crate::faults::fault_plan::Ending;

/// The direction in which bytes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    ToServer,
    ToClient,
}

impl Direction {
    pub(crate) const BOTH: [Self; 2] = [Self::ToServer, Self::ToClient];

    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }
}

/// What is done to a connection. In each case, what both sides send is recorded.
#[derive(Debug, Clone)]
pub(crate) enum Manipulation {
    /// Everything is forwarded unchanged.
    Forward,
    /// The bytes of one direction are tampered with; those of the other are forwarded unchanged.
    Tamper(Direction, Tampering),
    /// Each side is sent what it was sent in an earlier connection, whatever the other side sends now.
    Replay(Recording),
    /// A man in the middle terminates TLS on both sides; the decrypted bytes are recorded.
    Terminate(Impersonator),
}

/// What is done to the bytes of one direction, which are counted from 0.
#[derive(Debug, Clone)]
pub(crate) enum Tampering {
    /// Flips the bits of `mask` in the byte at this position.
    FlipByte { at: u64, mask: u8 },
    /// Inserts bytes before this position.
    Insert { at: u64, bytes: Vec<u8> },
    /// Closes both sides after `at` bytes.
    Close { at: u64, ending: Ending },
    /// Forwards nothing after `at` bytes, not even the end of the stream.
    Stall { at: u64 },
    /// Holds back everything from this position once, for this time.
    Delay { at: u64, by: Duration },
    /// Sends everything from this position back to its sender.
    Reflect { at: u64 },
    /// Forwards `bytes` bytes at a time, with a pause after each step.
    Trickle { bytes: usize, pause: Duration },
    /// Changes a TLS record; records are counted from 0, too.
    TlsRecord { number: u64, fault: RecordFault },
}

/// What is done to a TLS record.
#[derive(Debug, Clone)]
pub(crate) enum RecordFault {
    /// It is sent twice.
    Duplicate,
    /// It is left out.
    Drop,
    /// It is sent after the next one.
    SwapWithNext,
    /// These bytes are sent before it.
    InsertBefore(Vec<u8>),
}

impl Tampering {
    /// Returns the position at which it takes effect, if enough bytes were received. `Insert`, `Close` and `Stall` take
    /// effect as soon as the bytes before the position have arrived; the others need the byte at the position, too.
    pub(super) fn position(&self, received: u64) -> Option<u64> {
        match *self {
            Self::Insert { at, .. } | Self::Close { at, .. } | Self::Stall { at } => (received >= at).then_some(at),
            Self::FlipByte { at, .. } | Self::Delay { at, .. } | Self::Reflect { at } => (received > at).then_some(at),
            Self::Trickle { .. } | Self::TlsRecord { .. } => None,
        }
    }
}
