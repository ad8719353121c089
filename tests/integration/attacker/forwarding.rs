//! Forwards one connection through the attacker, from its first byte to its end.

use std::io::{ErrorKind, Read, Write};
use std::thread;

use super::log::ConnectionLog;
use super::man_in_the_middle::intercept;
use super::manipulation::{Direction, Manipulation};
use super::recording::Recording;
use super::socket_pair::SocketPair;
use super::tampering::{Step, Tamperer};
use crate::faults::fault_plan::Ending;

const BUFFER_BYTES: usize = 16 << 10;

/// Applies the manipulation until both sides have ended.
pub(super) fn run(pair: &SocketPair, manipulation: Manipulation, log: &ConnectionLog) {
    match manipulation {
        Manipulation::Forward => both(|direction| Forwarder { direction, pair, log }.run(Tamperer::new(None))),
        Manipulation::Tamper(tampered, tampering) => both(|direction| {
            let tampering = (direction == tampered).then(|| tampering.clone());
            Forwarder { direction, pair, log }.run(Tamperer::new(tampering));
        }),
        Manipulation::Replay(recording) => {
            log.count_manipulation();
            both(|direction| Forwarder { direction, pair, log }.replay(&recording));
        }
        Manipulation::Terminate(impersonator) => intercept(&impersonator, pair, log),
    }
}

/// Runs both directions at once, so that neither blocks the other.
fn both(forward: impl Fn(Direction) + Sync) {
    thread::scope(|scope| {
        scope.spawn(|| forward(Direction::ToServer));
        forward(Direction::ToClient);
    });
}

/// Forwards one direction of a connection.
struct Forwarder<'a> {
    direction: Direction,
    pair: &'a SocketPair,
    log: &'a ConnectionLog,
}

impl Forwarder<'_> {
    /// Forwards what the tamperer lets through.
    fn run(&self, mut tamperer: Tamperer) {
        let mut continues = self.apply_all(tamperer.push(&[]));
        while continues {
            continues = match self.receive() {
                Some(bytes) if bytes.is_empty() => {
                    if self.apply_all(tamperer.finish()) {
                        self.pair.toward(self.direction).finish();
                    }
                    false
                }
                Some(bytes) => self.apply_all(tamperer.push(&bytes)),
                None => false,
            }
        }
    }

    /// Sends the bytes of an earlier connection; reads those of this one and drops them.
    fn replay(&self, recording: &Recording) {
        let mut receiver = self.pair.toward(self.direction);
        // The receiver may reject the replay and disconnect.
        let _ = receiver.write_all(&recording.bytes(self.direction));
        receiver.finish();
        while self.receive().is_some_and(|bytes| !bytes.is_empty()) {}
    }

    /// Returns the next bytes from the sending side; empty at its end. A reset is passed on, and returns `None`.
    fn receive(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; BUFFER_BYTES];
        loop {
            match self.pair.toward(self.direction.opposite()).read(&mut bytes) {
                Ok(count) => bytes.truncate(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => {
                    self.pair.close(Ending::Reset);
                    return None;
                }
            }
            self.log.record(self.direction, &bytes);
            return Some(bytes);
        }
    }

    fn apply_all(&self, steps: Vec<Step>) -> bool {
        steps.into_iter().all(|step| self.apply(step))
    }

    /// Applies a step and returns whether this direction continues. A side that takes no more bytes may still have sent
    /// some, so the other direction continues in any case.
    fn apply(&self, step: Step) -> bool {
        match step {
            Step::Forward(bytes) => return self.pair.toward(self.direction).write_all(&bytes).is_ok(),
            Step::Return(bytes) => return self.pair.toward(self.direction.opposite()).write_all(&bytes).is_ok(),
            Step::CountManipulation => self.log.count_manipulation(),
            Step::Wait(time) => self.pair.wait(time),
            Step::Stall => self.pair.wait_until_closed(),
            Step::Close(ending) => self.pair.close(ending),
        }
        !self.pair.is_closed()
    }
}
