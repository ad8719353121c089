//! Measures how long each stage of a pipeline takes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use hestat::foundation::observer::{Observer, Progress, Stage};

/// Times the stages of a pipeline.
#[derive(Default)]
pub(crate) struct Stopwatch(Mutex<Timings>);

#[derive(Default)]
struct Timings {
    running: Option<(Stage, Instant)>,
    finished: Vec<(Stage, f64)>,
}

impl Stopwatch {
    /// Returns an observer that times stages with this stopwatch.
    pub(crate) fn observer(&self) -> Observer<'_> {
        Observer::null().with_progress(self)
    }

    /// Returns the seconds that `stage` took in total.
    pub(crate) fn seconds(&self, stage: Stage) -> f64 {
        let timings = self.lock();
        timings.finished.iter().filter(|(finished, _)| *finished == stage).map(|(_, seconds)| seconds).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Timings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Stopwatch {
    fn begin(&self, stage: Stage, _: u64) {
        self.end();
        self.lock().running = Some((stage, Instant::now()));
    }

    fn end(&self) {
        let mut timings = self.lock();
        if let Some((stage, start)) = timings.running.take() {
            timings.finished.push((stage, start.elapsed().as_secs_f64()));
        }
    }

    fn advance(&self, _: u64) {}
}
