//! Tampers with the bytes of one direction.

use std::time::Duration;

use super::manipulation::{RecordFault, Tampering};
use super::records::RecordParser;
use crate::faults::fault_plan::Ending;

/// What to do next.
#[derive(Debug)]
pub(super) enum Step {
    /// Forward these bytes.
    Forward(Vec<u8>),
    /// Send these bytes back to their sender.
    Return(Vec<u8>),
    /// Count a manipulation that takes effect now.
    CountManipulation,
    /// Wait for this time.
    Wait(Duration),
    /// Forward nothing more, not even the end of the stream.
    Stall,
    /// Close both sides.
    Close(Ending),
}

/// Turns the bytes of one direction into steps.
#[derive(Debug)]
pub(super) struct Tamperer {
    /// Those that act at a byte position are taken when they take effect.
    tampering: Option<Tampering>,
    /// Bytes received so far.
    received: u64,
    reflects: bool,
    parser: RecordParser,
    /// Complete records received so far.
    records: u64,
    /// The record to swap with the next one.
    held: Option<Vec<u8>>,
}

impl Tamperer {
    pub(super) fn new(tampering: Option<Tampering>) -> Self {
        Self { tampering, received: 0, reflects: false, parser: RecordParser::default(), records: 0, held: None }
    }

    /// Returns what to do with these bytes. Some tampering takes effect at position 0 before any byte is received.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Step> {
        match self.tampering {
            Some(Tampering::Trickle { bytes: step, pause }) => trickle(bytes, step, pause),
            Some(Tampering::TlsRecord { number, .. }) => {
                let records = self.parser.push(bytes);
                records.into_iter().flat_map(|record| self.push_record(record, number)).collect()
            }
            _ => self.push_bytes(bytes),
        }
    }

    /// Returns what to do at the end of the stream.
    pub(super) fn finish(&mut self) -> Vec<Step> {
        let held = self.held.take().unwrap_or_default();
        vec![Step::Forward(held), Step::Forward(self.parser.take_rest())]
    }

    fn push_bytes(&mut self, bytes: &[u8]) -> Vec<Step> {
        let before = self.received;
        self.received += bytes.len() as u64;
        let position = self.tampering.as_ref().and_then(|tampering| tampering.position(self.received));
        let Some(position) = position else {
            return vec![self.forward(bytes.into())];
        };
        let (untouched, tampered) = bytes.split_at((position - before) as usize);
        let mut steps = vec![Step::Forward(untouched.into()), Step::CountManipulation];
        steps.extend(self.tamper(tampered.into()));
        steps
    }

    fn forward(&self, bytes: Vec<u8>) -> Step {
        if self.reflects { Step::Return(bytes) } else { Step::Forward(bytes) }
    }

    /// Returns what to do with the bytes from the tampering's position on.
    fn tamper(&mut self, mut bytes: Vec<u8>) -> Vec<Step> {
        let mut steps = Vec::new();
        match self.tampering.take() {
            Some(Tampering::FlipByte { mask, .. }) => bytes[0] ^= mask,
            Some(Tampering::Insert { bytes: inserted, .. }) => steps.push(Step::Forward(inserted)),
            Some(Tampering::Close { ending, .. }) => steps.push(Step::Close(ending)),
            Some(Tampering::Stall { .. }) => steps.push(Step::Stall),
            Some(Tampering::Delay { by, .. }) => steps.push(Step::Wait(by)),
            Some(Tampering::Reflect { .. }) => self.reflects = true,
            Some(Tampering::Trickle { .. } | Tampering::TlsRecord { .. }) | None => {}
        }
        steps.push(self.forward(bytes));
        steps
    }

    /// Returns what to do with a record if record `number` is to be tampered with.
    fn push_record(&mut self, record: Vec<u8>, number: u64) -> Vec<Step> {
        self.records += 1;
        if let Some(held) = self.held.take() {
            return vec![Step::CountManipulation, Step::Forward(record), Step::Forward(held)];
        }
        if self.records != number + 1 {
            return vec![Step::Forward(record)];
        }
        let Some(Tampering::TlsRecord { fault, .. }) = &self.tampering else { return Vec::new() };
        match fault {
            RecordFault::Duplicate => vec![Step::CountManipulation, Step::Forward([&*record, &record].concat())],
            RecordFault::Drop => vec![Step::CountManipulation],
            RecordFault::InsertBefore(bytes) => {
                vec![Step::CountManipulation, Step::Forward([bytes, &*record].concat())]
            }
            RecordFault::SwapWithNext => {
                self.held = Some(record);
                Vec::new()
            }
        }
    }
}

fn trickle(bytes: &[u8], step: usize, pause: Duration) -> Vec<Step> {
    let count = (!bytes.is_empty()).then_some(Step::CountManipulation);
    let steps = bytes.chunks(step).flat_map(|bytes| [Step::Forward(bytes.into()), Step::Wait(pause)]);
    count.into_iter().chain(steps).collect()
}
