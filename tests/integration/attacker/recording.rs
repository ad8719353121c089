//! What an eavesdropper knows of a connection.

use std::fmt;

use super::plan::Direction;
use super::records::Records;
use crate::faults::recorded::holds;

/// What both sides of one connection said, before anything was done to it.
#[derive(Clone, Default)]
pub(crate) struct Recording {
    pieces: Vec<(Direction, Vec<u8>)>,
    refusals: Vec<(Direction, String)>,
    is_over: bool,
}

impl Recording {
    pub(super) fn add(&mut self, direction: Direction, bytes: &[u8]) {
        self.pieces.push((direction, bytes.into()));
    }

    pub(super) fn add_refusal(&mut self, by: Direction, reason: String) {
        self.refusals.push((by, reason));
    }

    pub(super) fn finish(&mut self) {
        self.is_over = true;
    }

    /// Whether the connection has ended.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Piece by piece, in the order in which they came. Of a connection whose TLS was ended, these are clear text.
    pub(crate) fn pieces(&self) -> &[(Direction, Vec<u8>)] {
        &self.pieces
    }

    /// All bytes of one direction.
    pub(crate) fn bytes(&self, direction: Direction) -> Vec<u8> {
        let its = self.pieces.iter().filter(|(its, _)| *its == direction);
        its.flat_map(|(_, bytes)| bytes).copied().collect()
    }

    /// The TLS records of one direction, each with its header.
    pub(crate) fn records(&self, direction: Direction) -> Vec<Vec<u8>> {
        Records::default().take(&self.bytes(direction))
    }

    /// Whether either side said this, in however many pieces.
    pub(crate) fn holds(&self, needle: &[u8]) -> bool {
        Direction::BOTH.iter().any(|direction| holds(&self.bytes(*direction), needle))
    }

    /// How the side that lies in this direction refused an impostor, or left it.
    pub(crate) fn refusal(&self, by: Direction) -> Option<&str> {
        self.refusals.iter().find(|(its, _)| *its == by).map(|(_, reason)| reason.as_str())
    }
}

/// How much it is; nobody reads the bytes themselves.
impl fmt::Debug for Recording {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths: Vec<(Direction, usize)> = self.pieces.iter().map(|(way, bytes)| (*way, bytes.len())).collect();
        formatter
            .debug_struct("Recording")
            .field("pieces", &lengths)
            .field("refusals", &self.refusals)
            .finish_non_exhaustive()
    }
}
