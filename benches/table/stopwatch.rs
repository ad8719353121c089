//! An observer that keeps how long each stage took.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use hestat::foundation::observer::{Cancelled, Observer, Stage};

/// Times the stages of a pipeline.
#[derive(Default)]
pub(crate) struct Stopwatch(Mutex<Laps>);

#[derive(Default)]
struct Laps {
    running: Option<(Stage, Instant)>,
    over: Vec<(Stage, f64)>,
}

impl Stopwatch {
    /// Seconds that `stage` took, all its turns together.
    pub(crate) fn seconds(&self, stage: Stage) -> f64 {
        self.laps(|laps| laps.over.iter().filter(|lap| lap.0 == stage).map(|lap| lap.1).sum())
    }

    fn laps<T>(&self, look: impl FnOnce(&mut Laps) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Stopwatch {
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
    fn notice(&self, _: &str) {}

    fn check_cancelled(&self) -> Result<(), Cancelled> {
        Ok(())
    }
}
