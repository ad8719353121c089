//! Signals that ask a process for its end.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_default, register_conditional_shutdown};

use crate::foundation::observer::{Cancelled, NullObserver, Observer};

/// How a process ends that is asked for its end while it is ending.
const STOPPED: i32 = 130;

/// What is heard of them.
#[derive(Debug)]
pub(super) struct Signals {
    begun: Once,
    /// Whether they end the process as if it heard nothing.
    deaf: Arc<AtomicBool>,
    /// Whether one was heard.
    stop: Arc<AtomicBool>,
}

impl Default for Signals {
    fn default() -> Self {
        Self { begun: Once::new(), deaf: Arc::new(true.into()), stop: Arc::default() }
    }
}

impl Signals {
    /// From now on, they are heard.
    pub(super) fn hear(&self) {
        self.begun.call_once(|| self.begin());
        self.deaf.store(false, Ordering::SeqCst);
    }

    /// They are heard while this is done.
    pub(super) fn hear_during<T>(&self, work: impl FnOnce() -> T) -> T {
        let was_deaf = self.deaf.load(Ordering::SeqCst);
        self.hear();
        let outcome = work();
        self.deaf.store(was_deaf, Ordering::SeqCst);
        outcome
    }

    /// Whether none was heard.
    pub(super) fn go_on(&self) -> Result<(), Cancelled> {
        self.observer().check_cancelled()
    }

    /// What ends when one is heard.
    pub(super) fn observer(&self) -> NullObserver {
        Arc::clone(&self.stop).into()
    }

    /// Who asks a second time gets the end at once; of the end of the terminal, though, the kernel and the shell tell one after
    /// the other. Where that is to be ignored, as nohup has it, it is.
    fn begin(&self) {
        // Without a handler the signal simply ends the process, which every step survives.
        for signal in [SIGINT, SIGTERM] {
            drop(register_conditional_shutdown(signal, STOPPED, Arc::clone(&self.stop)));
            self.register(signal);
        }
        if fs::read_to_string("/proc/self/status").is_ok_and(|status| !ignores(&status, SIGHUP)) {
            self.register(SIGHUP);
        }
    }

    fn register(&self, signal: i32) {
        drop(register_conditional_default(signal, Arc::clone(&self.deaf)));
        drop(register(signal, Arc::clone(&self.stop)));
    }
}

/// Whether the process with this status (proc(5)) ignores a signal.
fn ignores(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_those_in_the_mask() {
        let status = "Name:\thestat\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001001\n";
        assert!(ignores(status, SIGHUP) && ignores(status, 13));
        assert!(!ignores(status, SIGINT) && !ignores("", SIGHUP));
    }
}
