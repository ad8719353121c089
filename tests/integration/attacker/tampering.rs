//! How the bytes of one direction go on, once they are tampered with.

use std::time::Duration;

use super::plan::{RecordFault, Tampering};
use super::records::Records;
use crate::faults::weather::Ending;

/// What is to be done next.
#[derive(Debug)]
pub(super) enum Step {
    Pass(Vec<u8>),
    /// To where they came from.
    Return(Vec<u8>),
    /// Count a manipulation that happens now.
    Strike,
    Wait(Duration),
    Stall,
    End(Ending),
}

/// Tampers with the bytes of one direction.
#[derive(Debug)]
pub(super) struct Tamperer {
    /// Until it has struck.
    tampering: Option<Tampering>,
    /// Bytes that have come.
    come: u64,
    reflects: bool,
    records: Records,
    /// Records that have come whole.
    count: u64,
    /// A record that changes places with the next.
    held: Option<Vec<u8>>,
}

impl Tamperer {
    pub(super) fn new(tampering: Option<Tampering>) -> Self {
        Self { tampering, come: 0, reflects: false, records: Records::default(), count: 0, held: None }
    }

    /// What to do with these bytes. Some tampering needs none, and strikes as soon as it is asked.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Step> {
        match self.tampering {
            Some(Tampering::Trickle { piece, pause }) => trickle(bytes, piece, pause),
            Some(Tampering::Record { number, .. }) => {
                let records = self.records.take(bytes);
                records.into_iter().flat_map(|record| self.take_record(record, number)).collect()
            }
            _ => self.take_bytes(bytes),
        }
    }

    /// What to do at their end.
    pub(super) fn rest(&mut self) -> Vec<Step> {
        let held = self.held.take().unwrap_or_default();
        vec![Step::Pass(held), Step::Pass(self.records.rest())]
    }

    fn take_bytes(&mut self, bytes: &[u8]) -> Vec<Step> {
        let before = self.come;
        self.come += bytes.len() as u64;
        let Some(at) = self.tampering.as_ref().and_then(|tampering| tampering.place(self.come)) else {
            return vec![self.go_on(bytes.into())];
        };
        let (untouched, touched) = bytes.split_at((at - before) as usize);
        let mut steps = vec![Step::Pass(untouched.into()), Step::Strike];
        steps.extend(self.strike(touched.into()));
        steps
    }

    fn go_on(&self, bytes: Vec<u8>) -> Step {
        if self.reflects { Step::Return(bytes) } else { Step::Pass(bytes) }
    }

    /// What is done to the bytes that begin at its place.
    fn strike(&mut self, mut bytes: Vec<u8>) -> Vec<Step> {
        let mut steps = Vec::new();
        match self.tampering.take() {
            Some(Tampering::FlipByte { mask, .. }) => bytes[0] ^= mask,
            Some(Tampering::Insert { bytes: more, .. }) => steps.push(Step::Pass(more)),
            Some(Tampering::Cut { ending, .. }) => steps.push(Step::End(ending)),
            Some(Tampering::Stall { .. }) => steps.push(Step::Stall),
            Some(Tampering::Delay { by, .. }) => steps.push(Step::Wait(by)),
            Some(Tampering::Reflect { .. }) => self.reflects = true,
            Some(Tampering::Trickle { .. } | Tampering::Record { .. }) | None => {}
        }
        steps.push(self.go_on(bytes));
        steps
    }

    /// What to do with a record, where this one is tampered with.
    fn take_record(&mut self, record: Vec<u8>, number: u64) -> Vec<Step> {
        self.count += 1;
        if let Some(held) = self.held.take() {
            return vec![Step::Strike, Step::Pass(record), Step::Pass(held)];
        }
        if self.count != number + 1 {
            return vec![Step::Pass(record)];
        }
        let Some(Tampering::Record { fault, .. }) = &self.tampering else { return Vec::new() };
        match fault {
            RecordFault::Duplicate => vec![Step::Strike, Step::Pass([&*record, &record].concat())],
            RecordFault::Drop => vec![Step::Strike],
            RecordFault::Precede(bytes) => vec![Step::Strike, Step::Pass([bytes, &*record].concat())],
            RecordFault::Swap => {
                self.held = Some(record);
                Vec::new()
            }
        }
    }
}

fn trickle(bytes: &[u8], piece: usize, pause: Duration) -> Vec<Step> {
    let strike = (!bytes.is_empty()).then_some(Step::Strike);
    let pieces = bytes.chunks(piece).flat_map(|piece| [Step::Pass(piece.into()), Step::Wait(pause)]);
    strike.into_iter().chain(pieces).collect()
}
