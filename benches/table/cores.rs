//! Work on a given number of cores, and how long it takes.

use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder};
use rustix::time::{ClockId, clock_gettime};

/// Some of the machine's cores.
pub(crate) struct Cores(ThreadPool);

impl Cores {
    /// One core: a pool with one thread.
    pub(crate) fn one() -> Self {
        Self::of(1)
    }

    /// All of them.
    pub(crate) fn all() -> Self {
        Self::of(0)
    }

    fn of(threads: usize) -> Self {
        Self(ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started"))
    }

    /// How many they are.
    pub(crate) fn count(&self) -> usize {
        self.0.current_num_threads()
    }

    /// "one core", "2 cores".
    pub(crate) fn name(&self) -> String {
        if self.count() == 1 { "one core".into() } else { format!("{} cores", self.count()) }
    }

    /// Runs `work` with these cores as those that rayon finds.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.0.install(work)
    }

    /// Seconds that `work` takes on these cores.
    pub(crate) fn time(&self, work: impl FnOnce() + Send) -> f64 {
        self.clock(|| self.run(work))
    }

    /// Seconds until each core has done `work` once, all at the same time.
    pub(crate) fn each(&self, work: impl Fn() + Sync) -> f64 {
        self.clock(|| drop(self.0.broadcast(|_| work())))
    }

    /// One core is measured in processor time, which neighbours on the machine do not count in; more by the wall clock.
    fn clock(&self, work: impl FnOnce()) -> f64 {
        if self.count() == 1 { processor_seconds(work) } else { seconds(work) }
    }
}

/// Seconds that `work` takes by the clock on the wall.
pub(crate) fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// Seconds that `work` keeps processors busy.
pub(crate) fn processor_seconds(work: impl FnOnce()) -> f64 {
    let now = || Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).expect("no time is negative");
    let start = now();
    work();
    now().abs_diff(start).as_secs_f64()
}

/// Some times measured in turn `rounds` times, the best of each: others use the machine too, and only slow it down.
pub(crate) fn best<const TIMES: usize>(rounds: usize, mut measure: impl FnMut() -> [f64; TIMES]) -> [f64; TIMES] {
    let mut best = [f64::INFINITY; TIMES];
    for _ in 0..rounds {
        for (best, time) in best.iter_mut().zip(measure()) {
            *best = best.min(time);
        }
    }
    best
}
