//! Threads that compute: as many as there are cores, or fewer where the system gives no more.

use std::io;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rustix::process::{Resource, getrlimit};

/// What a thread takes beside its stack, in bytes, roughly.
const MEMORY: usize = 1 << 20;

/// The system gives this process no thread.
#[derive(Debug, thiserror::Error)]
#[error("cannot start the threads that compute")]
pub struct NoThreads(#[from] io::Error);

/// Starts them for this process, once, and before there is work for them: started by the first work, as rayon does it, they
/// would end the process where the system refuses one.
///
/// # Errors
/// [`NoThreads`].
pub fn start() -> Result<(), NoThreads> {
    let wanted = wanted().min(within_address_space());
    let given = try_out(wanted)?;
    // Where there are no more, others need some, too.
    let count = if given < wanted { given.div_ceil(2) } else { wanted };
    let started = rayon::ThreadPoolBuilder::new().num_threads(count).build_global();
    started.map_err(|error| NoThreads(io::Error::other(error)))
}

/// As many as rayon would start.
fn wanted() -> usize {
    let told = std::env::var("RAYON_NUM_THREADS").ok().and_then(|count| count.parse().ok()).filter(|count| *count > 0);
    told.or_else(|| thread::available_parallelism().ok().map(NonZero::get)).unwrap_or(1)
}

/// How many have enough address space where that is limited: glibc reserves 64 MiB for what each thread allocates, beside its
/// stack, and what is left must do for all else.
fn within_address_space() -> usize {
    const EACH: u64 = 96 << 20;
    let limit = getrlimit(Resource::As).current.unwrap_or(u64::MAX);
    usize::try_from(limit / EACH).unwrap_or(usize::MAX).max(1)
}

/// How many of `wanted` threads can be there at once; all of them have ended when it returns.
fn try_out(wanted: usize) -> io::Result<usize> {
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
    let given = threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|has_memory| *has_memory).count();
    match failed {
        Some(error) if given == 0 => Err(error),
        _ => Ok(given.max(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_can_be_had_are_counted() {
        assert_eq!(try_out(3).unwrap(), 3);
    }
}
