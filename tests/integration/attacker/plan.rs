//! What an attacker does to a connection.

use std::time::Duration;

use super::impostor::Impostor;
use super::recording::Recording;
use crate::faults::weather::Ending;

/// Where bytes go.
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

/// What befalls a connection. Whatever it is, what both sides say is recorded.
#[derive(Debug, Clone)]
pub(crate) enum Manipulation {
    /// Nothing.
    Pass,
    /// The bytes of one direction are tampered with; those of the other pass.
    Tamper(Direction, Tampering),
    /// Each side gets what it got in an earlier conversation, whatever the other one says now.
    Replay(Recording),
    /// TLS ends here, and another one begins; the clear text between them is recorded.
    Terminate(Impostor),
}

/// What is done to the bytes of one direction, which are counted from 0.
#[derive(Debug, Clone)]
pub(crate) enum Tampering {
    /// A byte arrives without the bits of the mask, or with them.
    FlipByte { at: u64, mask: u8 },
    /// Bytes that nobody sent arrive before that byte.
    Insert { at: u64, bytes: Vec<u8> },
    /// After so many bytes both sides are closed.
    Cut { at: u64, ending: Ending },
    /// After so many bytes nothing more passes, not even the end.
    Stall { at: u64 },
    /// From that byte on all is held back, once.
    Delay { at: u64, by: Duration },
    /// From that byte on all goes back to who sent it.
    Reflect { at: u64 },
    /// Everything passes in tiny pieces, with a pause after each.
    Trickle { piece: usize, pause: Duration },
    /// A TLS record is not what or where it was; they are counted from 0, too.
    Record { number: u64, fault: RecordFault },
}

/// What is done to a TLS record.
#[derive(Debug, Clone)]
pub(crate) enum RecordFault {
    /// It arrives twice.
    Duplicate,
    /// It never arrives.
    Drop,
    /// It arrives after the next one.
    Swap,
    /// These bytes arrive before it.
    Precede(Vec<u8>),
}

impl Tampering {
    /// The byte at which it strikes, if so many have come that it does. Some can strike before that byte has come.
    pub(super) fn place(&self, come: u64) -> Option<u64> {
        match *self {
            Self::Insert { at, .. } | Self::Cut { at, .. } | Self::Stall { at } => (come >= at).then_some(at),
            Self::FlipByte { at, .. } | Self::Delay { at, .. } | Self::Reflect { at } => (come > at).then_some(at),
            Self::Trickle { .. } | Self::Record { .. } => None,
        }
    }
}
