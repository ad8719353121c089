//! One connection through the attacker, from its first byte to its end.

use std::io::{ErrorKind, Read, Write};
use std::thread;

use super::ends::Ends;
use super::interception::intercept;
use super::log::Log;
use super::plan::{Direction, Manipulation};
use super::recording::Recording;
use super::tampering::{Step, Tamperer};
use crate::faults::weather::Ending;

const PIECE: usize = 16 << 10;

/// Does what the plan says until both sides have ended.
pub(super) fn run(ends: &Ends, manipulation: Manipulation, log: &Log) {
    match manipulation {
        Manipulation::Pass => both(|direction| Lane { direction, ends, log }.run(Tamperer::new(None))),
        Manipulation::Tamper(where_, tampering) => both(|direction| {
            let tampering = (direction == where_).then(|| tampering.clone());
            Lane { direction, ends, log }.run(Tamperer::new(tampering));
        }),
        Manipulation::Replay(recording) => {
            log.strike();
            both(|direction| Lane { direction, ends, log }.replay(&recording));
        }
        Manipulation::Terminate(impostor) => intercept(&impostor, ends, log),
    }
}

/// Both directions at once, so that neither waits for the other.
fn both(lane: impl Fn(Direction) + Sync) {
    thread::scope(|scope| {
        scope.spawn(|| lane(Direction::ToServer));
        lane(Direction::ToClient);
    });
}

/// One direction of a connection.
struct Lane<'a> {
    direction: Direction,
    ends: &'a Ends,
    log: &'a Log,
}

impl Lane<'_> {
    /// Passes on what the tamperer leaves.
    fn run(&self, mut tamperer: Tamperer) {
        let mut goes_on = self.follow(tamperer.take(&[]));
        while goes_on {
            goes_on = match self.hear() {
                Some(bytes) if bytes.is_empty() => {
                    if self.follow(tamperer.rest()) {
                        self.ends.end_of(self.direction).finish();
                    }
                    false
                }
                Some(bytes) => self.follow(tamperer.take(&bytes)),
                None => false,
            }
        }
    }

    /// Says what was said in an earlier conversation, and only listens to this one.
    fn replay(&self, recording: &Recording) {
        let mut end = self.ends.end_of(self.direction);
        // Who hears it may well refuse to.
        drop(end.write_all(&recording.bytes(self.direction)));
        end.finish();
        while self.hear().is_some_and(|bytes| !bytes.is_empty()) {}
    }

    /// What the sending side says next: nothing at its end. A reset is passed on, and after it there is no more to do.
    fn hear(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; PIECE];
        loop {
            match self.ends.end_of(self.direction.opposite()).read(&mut bytes) {
                Ok(count) => bytes.truncate(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => {
                    self.ends.end(Ending::Reset);
                    return None;
                }
            }
            self.log.hear(self.direction, &bytes);
            return Some(bytes);
        }
    }

    fn follow(&self, steps: Vec<Step>) -> bool {
        steps.into_iter().all(|step| self.take(step))
    }

    /// Whether there is more to do after it. A side that takes no more bytes may still have said something, so the other
    /// direction goes on.
    fn take(&self, step: Step) -> bool {
        match step {
            Step::Pass(bytes) => return self.ends.end_of(self.direction).write_all(&bytes).is_ok(),
            Step::Return(bytes) => return self.ends.end_of(self.direction.opposite()).write_all(&bytes).is_ok(),
            Step::Strike => self.log.strike(),
            Step::Wait(time) => self.ends.wait_for(time),
            Step::Stall => self.ends.wait(),
            Step::End(ending) => self.ends.end(ending),
        }
        !self.ends.is_over()
    }
}
