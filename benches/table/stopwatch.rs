//! An observer that records how long each stage takes.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use hestat::foundation::observer::{Observer, Progress, Stage};

/// Measures the stages of a pipeline.
#[derive(Default)]
pub(crate) struct Stopwatch(Mutex<Laps>);

#[derive(Default)]
struct Laps {
    running: Option<(Stage, Instant)>,
    finished: Vec<(Stage, f64)>,
}

impl Stopwatch {
    /// Returns the seconds that `stage` took in total.
    pub(crate) fn seconds(&self, stage: Stage) -> f64 {
        self.laps(|laps| laps.finished.iter().filter(|lap| lap.0 == stage).map(|lap| lap.1).sum())
    }

    fn laps<T>(&self, access: impl FnOnce(&mut Laps) -> T) -> T {
        access(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Progress for Stopwatch {
    fn begin(&self, stage: Stage, _: u64) {
        self.end();
        self.laps(|laps| laps.running = Some((stage, Instant::now())));
    }

    fn end(&self) {
        self.laps(|laps| {
            let finished = laps.running.take().map(|(stage, start)| (stage, start.elapsed().as_secs_f64()));
            laps.finished.extend(finished);
        });
    }

    fn advance(&self, _: u64) {}
}
