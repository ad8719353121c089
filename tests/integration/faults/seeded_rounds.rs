//! Many rounds, several at a time, each with a seed that is printed if the round fails.

use std::sync::Mutex;
use std::thread;

use hestat::foundation::random::from_system;
use rand_core::Rng;

/// Runs `round` with `count` seeds on up to `at_once` threads. Each thread has its own environment, made by `set_up`.
pub(super) fn rounds<E>(
    count: usize,
    at_once: usize,
    set_up: impl Fn() -> E + Sync,
    round: impl Fn(&mut E, u64) + Sync,
) {
    let waiting = Mutex::new(seeds(count));
    let work = || {
        let mut environment = set_up();
        while let Some(seed) = { waiting.lock().unwrap().pop() } {
            let _printer = SeedPrinter(seed);
            round(&mut environment, seed);
        }
    };
    thread::scope(|scope| {
        for _ in 0..at_once.min(count) {
            scope.spawn(work);
        }
    });
}

/// Returns random seeds, or only the one in `HESTAT_TEST_SEED`.
fn seeds(count: usize) -> Vec<u64> {
    if let Ok(seed) = std::env::var("HESTAT_TEST_SEED") {
        return vec![seed.parse().unwrap()];
    }
    let mut random = from_system().unwrap();
    (0..count).map(|_| random.next_u64()).collect()
}

/// Prints the seed of a failed round when dropped.
struct SeedPrinter(u64);

impl Drop for SeedPrinter {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("to repeat this round: HESTAT_TEST_SEED={}", self.0);
        }
    }
}
