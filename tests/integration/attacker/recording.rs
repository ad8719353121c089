//! What an eavesdropper knows of a connection.

use std::fmt;

use super::manipulation::Direction;
use super::records::RecordParser;
use crate::faults::recorded::holds;

/// What both sides of a connection sent, before any manipulation.
#[derive(Clone, Default)]
pub(crate) struct Recording {
    reads: Vec<(Direction, Vec<u8>)>,
    rejections: Vec<(Direction, String)>,
    is_finished: bool,
}

impl Recording {
    pub(super) fn add(&mut self, direction: Direction, bytes: &[u8]) {
        self.reads.push((direction, bytes.into()));
    }

    pub(super) fn add_rejection(&mut self, by: Direction, reason: String) {
        self.rejections.push((by, reason));
    }

    pub(super) fn finish(&mut self) {
        self.is_finished = true;
    }

    /// Whether the connection has ended.
    pub(super) fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// The bytes of each read, in order; decrypted if TLS was terminated in the middle.
    pub(crate) fn reads(&self) -> &[(Direction, Vec<u8>)] {
        &self.reads
    }

    /// All bytes of one direction.
    pub(crate) fn bytes(&self, direction: Direction) -> Vec<u8> {
        let reads = self.reads.iter().filter(|(of, _)| *of == direction);
        reads.flat_map(|(_, bytes)| bytes).copied().collect()
    }

    /// The TLS records of one direction, each with its header.
    pub(crate) fn records(&self, direction: Direction) -> Vec<Vec<u8>> {
        RecordParser::default().push(&self.bytes(direction))
    }

    /// Whether either side sent these bytes, in one read or several.
    pub(crate) fn contains(&self, needle: &[u8]) -> bool {
        Direction::BOTH.iter().any(|direction| holds(&self.bytes(*direction), needle))
    }

    /// How a side rejected the impersonation, or disconnected; `by` is the direction in which bytes reach it.
    pub(crate) fn rejection(&self, by: Direction) -> Option<&str> {
        self.rejections.iter().find(|(of, _)| *of == by).map(|(_, reason)| reason.as_str())
    }
}

/// Shows lengths in place of bytes.
impl fmt::Debug for Recording {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths: Vec<(Direction, usize)> = self.reads.iter().map(|(of, bytes)| (*of, bytes.len())).collect();
        formatter
            .debug_struct("Recording")
            .field("reads", &lengths)
            .field("rejections", &self.rejections)
            .finish_non_exhaustive()
    }
}
