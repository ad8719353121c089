//! Starts the pool of compute threads: one per core, or fewer if the system does not allow as many.

use std::io;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rustix::process::{Resource, getrlimit};

/// The approximate memory of a thread in addition to its stack, in bytes.
const MEMORY: usize = 1 << 20;

/// The system refuses to start threads for this process.
#[derive(Debug, thiserror::Error)]
#[error("cannot start compute threads")]
pub struct ThreadStartError(#[from] io::Error);

/// Starts the compute threads of this process.
///
/// Call it once, before the first parallel computation: rayon would otherwise start the threads lazily and abort the
/// process if the system refuses one.
///
/// # Errors
/// [`ThreadStartError`] if the system allows no thread, or the pool exists already.
pub fn start() -> Result<(), ThreadStartError> {
    let wanted = wanted().min(within_address_space());
    let available = count_available(wanted)?;
    // At the system's limit, half of the threads are left for other purposes.
    let count = if available < wanted { available.div_ceil(2) } else { wanted };
    let started = rayon::ThreadPoolBuilder::new().num_threads(count).build_global();
    started.map_err(|error| ThreadStartError(io::Error::other(error)))
}

/// Returns the number of threads that rayon would start.
fn wanted() -> usize {
    let configured = std::env::var("RAYON_NUM_THREADS").ok().and_then(|count| count.parse().ok());
    let configured = configured.filter(|count| *count > 0);
    configured.or_else(|| thread::available_parallelism().ok().map(NonZero::get)).unwrap_or(1)
}

/// Returns the number of threads that fit in the address space, if it is limited. For each thread, glibc reserves 64
/// MiB of heap in addition to the stack; the remaining 32 MiB per thread are for the stack and everything else.
fn within_address_space() -> usize {
    const PER_THREAD: u64 = 96 << 20;
    let limit = getrlimit(Resource::As).current.unwrap_or(u64::MAX);
    usize::try_from(limit / PER_THREAD).unwrap_or(usize::MAX).max(1)
}

/// Returns how many of `wanted` threads can run at the same time, by starting them. All have ended when it returns.
fn count_available(wanted: usize) -> io::Result<usize> {
    let gate = Arc::new(Mutex::new(()));
    let closed = gate.lock().unwrap_or_else(PoisonError::into_inner);
    let mut threads: Vec<JoinHandle<bool>> = Vec::new();
    let failed = loop {
        if threads.len() == wanted {
            break None;
        }
        let gate = Arc::clone(&gate);
        let work = move || {
            let memory = Vec::<u8>::new().try_reserve_exact(MEMORY);
            drop(gate.lock());
            memory.is_ok()
        };
        match thread::Builder::new().spawn(work) {
            Ok(thread) => threads.push(thread),
            Err(error) => break Some(error),
        }
    };
    drop(closed);
    let available =
        threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|has_memory| *has_memory).count();
    match failed {
        Some(error) if available == 0 => Err(error),
        _ => Ok(available.max(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_threads_are_counted() {
        assert_eq!(count_available(3).unwrap(), 3);
    }
}
