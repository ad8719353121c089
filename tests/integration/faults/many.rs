//! Many rounds, several at a time, each with a seed that is told if it fails.

use std::sync::Mutex;
use std::thread;

use hestat::foundation::random::from_system;
use rand_core::Rng;

/// Plays `round` with so many seeds; each of a few threads in a place of its own, which `place` makes.
pub(super) fn rounds<P>(
    count: usize,
    at_once: usize,
    place: impl Fn() -> P + Sync,
    round: impl Fn(&mut P, u64) + Sync,
) {
    let waiting = Mutex::new(seeds(count));
    let work = || {
        let mut place = place();
        while let Some(seed) = { waiting.lock().unwrap().pop() } {
            let _told = Told(seed);
            round(&mut place, seed);
        }
    };
    thread::scope(|scope| (0..at_once.min(count)).for_each(|_| drop(scope.spawn(work))));
}

/// Seeds of this run, or the one that is asked for.
fn seeds(count: usize) -> Vec<u64> {
    if let Ok(seed) = std::env::var("HESTAT_TEST_SEED") {
        return vec![seed.parse().unwrap()];
    }
    let mut random = from_system().unwrap();
    (0..count).map(|_| random.next_u64()).collect()
}

/// Tells the seed of a round that fails.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("this round again: HESTAT_TEST_SEED={}", self.0);
        }
    }
}
