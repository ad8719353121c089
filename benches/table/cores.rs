//! Runs work on a given number of cores and measures its time.

use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder};
use rustix::time::{ClockId, clock_gettime};

/// A thread pool with one thread per core.
pub(crate) struct Cores(ThreadPool);

impl Cores {
    /// Returns a pool for one core.
    pub(crate) fn one() -> Self {
        Self::of(1)
    }

    /// Returns a pool for all cores of the machine.
    pub(crate) fn all() -> Self {
        Self::of(0)
    }

    fn of(threads: usize) -> Self {
        Self(ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started"))
    }

    /// Returns the number of cores.
    pub(crate) fn count(&self) -> usize {
        self.0.current_num_threads()
    }

    /// Returns a name such as "one core" or "2 cores".
    pub(crate) fn name(&self) -> String {
        if self.count() == 1 { "one core".into() } else { format!("{} cores", self.count()) }
    }

    /// Runs `work` in this pool, so that rayon uses only these cores.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.0.install(work)
    }

    /// Returns the seconds that `work` takes on these cores.
    pub(crate) fn time(&self, work: impl FnOnce() + Send) -> f64 {
        self.measure(|| self.run(work))
    }

    /// Runs `work` once on each core at the same time. Returns the seconds until all are done.
    pub(crate) fn each(&self, work: impl Fn() + Sync) -> f64 {
        self.measure(|| {
            self.0.broadcast(|_| work());
        })
    }

    /// Measures one core in processor time, which other programs on the machine hardly affect, and several cores in
    /// wall-clock time.
    fn measure(&self, work: impl FnOnce()) -> f64 {
        if self.count() == 1 { processor_seconds(work) } else { seconds(work) }
    }
}

/// Returns the wall-clock seconds that `work` takes.
pub(crate) fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// Returns the processor seconds that `work` takes.
pub(crate) fn processor_seconds(work: impl FnOnce()) -> f64 {
    let now = || Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).expect("no time is negative");
    let start = now();
    work();
    now().abs_diff(start).as_secs_f64()
}

/// Calls `measure` `rounds` times and returns the minimum of each of its times: other programs can only increase them.
pub(crate) fn best<const TIMES: usize>(rounds: usize, mut measure: impl FnMut() -> [f64; TIMES]) -> [f64; TIMES] {
    let mut best = [f64::INFINITY; TIMES];
    for _ in 0..rounds {
        for (best, time) in best.iter_mut().zip(measure()) {
            *best = best.min(time);
        }
    }
    best
}
