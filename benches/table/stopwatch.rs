//! Measures how long each stage of a pipeline takes.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use hestat::foundation::observer::{Observer, Progress, Stage};

/// Times the stages of a pipeline.
#[derive(Default)]
pub(crate) struct Stopwatch(Mutex<Laps>);

#[derive(Default)]
struct Laps {
    running: Option<(Stage, Instant)>,
    over: Vec<(Stage, f64)>,
}

impl Stopwatch {
    /// Returns an observer that times stages with this stopwatch.
    pub(crate) fn observer(&self) -> Observer<'_> {
        Observer::null().with_progress(self)
    }

    /// Returns the seconds that `stage` took in total.
    pub(crate) fn seconds(&self, stage: Stage) -> f64 {
        self.laps(|laps| laps.over.iter().filter(|lap| lap.0 == stage).map(|lap| lap.1).sum())
    }

    fn laps<T>(&self, look: impl FnOnce(&mut Laps) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Progress for Stopwatch {
    fn begin(&self, stage: Stage, _: u64) {
        self.end();
        self.laps(|laps| laps.running = Some((stage, Instant::now())));
    }

    fn end(&self) {
        self.laps(|laps| {
            let over = laps.running.take().map(|(stage, start)| (stage, start.elapsed().as_secs_f64()));
            laps.over.extend(over);
        });
    }

    fn advance(&self, _: u64) {}
}
